"""`angle_vqc`: features as angles, two layers of rotations and CZ, a small classical head.

Source: Crivoi and Ionescu 2025 (arXiv:2512.19253), their classifier of Iris: 4 features on 4 qubits
by RX, RY and RZ, 2 layers {RX, RY, RZ on each qubit; CZ ring}, <Z>, dense 4->16, ReLU, dense 16->3:
155 parameters. The last RZ of every qubit is dead, and so is the last ring: one entangler acts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, PositiveInt

from qmu.circuits.ansatz import angle_hybrid
from qmu.circuits.circuit import Circuit
from qmu.lazy import jnp
from qmu.models import initial
from qmu.models.heads import BIAS, HIDDEN_BIAS, HIDDEN_WEIGHT, WEIGHT, two_layers
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Angle-embedded classifier",
    source="Crivoi and Ionescu 2025, arXiv:2512.19253",
    inputs="features",
)


class Config(Strict):
    """One feature per qubit, from 0 to 1 for 0 to pi; ``hidden``: units of the head's first layer.
    The recipe of training is ours."""

    qubits: int = Field(default=4, ge=2, le=16)
    layers: int = Field(default=2, ge=1, le=50)
    hidden: PositiveInt = 16
    training: Training = Training(
        optimizer="adam", learning_rate=0.01, batch_size=16, epochs=60, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError for more features than qubits."""
    if width > config.qubits:
        raise ValueError(
            f"qubits: {width} features need as many qubits, {config.qubits} are there "
            "(features.components)"
        )


def circuit(config: Config, classes: int) -> Circuit:
    """The quantum part."""
    return angle_hybrid.circuit(config.qubits, config.layers)


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Classical tensors from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), angles from U(-pi, pi)."""
    shapes = {
        "circuit": ((config.layers, config.qubits, 3), None),
        HIDDEN_WEIGHT: ((config.qubits, config.hidden), config.qubits),
        HIDDEN_BIAS: ((config.hidden,), config.qubits),
        WEIGHT: ((config.hidden, classes), config.hidden),
        BIAS: ((classes,), config.hidden),
    }
    return initial.uniform(shapes, rng)


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Features (n, d) to angles (n, qubits) in radians, 0 for a qubit without a feature."""
    return math.pi * jnp.pad(inputs, ((0, 0), (0, config.qubits - inputs.shape[1])))


head = two_layers
