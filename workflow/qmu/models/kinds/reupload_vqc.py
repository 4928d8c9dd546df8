"""`reupload_vqc`: features enter the circuit twice, and <Z> of one qubit per class is its logit.

Source: Malik et al. 2026 (arXiv:2601.04413), who give 6 qubits, 4 features in [0, pi], RY with
CX-RZ-CX blocks for pairs, two uploads, 3 repetitions of {RY, RZ; CNOT ring}, 72 parameters and
softmax of <Z> on readout qubits. RECONSTRUCTED: qubit j carries feature j mod d; the pairs are
neighbours on a ring; a pair turns by the product of both complements to pi (``pair_angle``); every
upload has an ansatz of its own, which the count confirms; the readout qubits are the first; their
<Z> are not scaled. The last RZ of every qubit is dead.

The logits lie between -1 and 1: no probability comes near 1, and there is no bias to edit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from qmu.circuits.ansatz import reupload
from qmu.circuits.circuit import Circuit
from qmu.models import initial
from qmu.models.heads import readout
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Data re-uploading classifier",
    source="Malik et al. 2026, arXiv:2601.04413 (reconstructed)",
    inputs="features",
)


class Config(Strict):
    """``2 * qubits * repetitions * uploads`` angles; features from 0 to 1 for 0 to pi. The recipe
    of training is ours."""

    qubits: int = Field(default=6, ge=2, le=12)
    uploads: int = Field(default=2, ge=1, le=10)
    repetitions: int = Field(default=3, ge=1, le=20)
    pair_angle: Literal["product", "complement_product"] = "complement_product"
    training: Training = Training(
        optimizer="adam", learning_rate=0.05, batch_size=16, epochs=40, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError for more features, or more classes, than qubits."""
    for count, what in ((width, "features"), (classes, "classes")):
        if count > config.qubits:
            raise ValueError(
                f"qubits: {count} {what} need as many qubits, {config.qubits} are there"
            )


def circuit(config: Config, classes: int) -> Circuit:
    """The whole model: one feature per qubit, and <Z> of one qubit per class."""
    return reupload.circuit(
        config.qubits,
        config.qubits,
        config.uploads,
        config.repetitions,
        classes,
        config.pair_angle,
    )


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Angles from U(-pi, pi)."""
    shape = (config.uploads, config.repetitions, config.qubits, 2)
    return initial.uniform({"circuit": (shape, None)}, rng)


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Features (n, d) to angles (n, qubits) in radians, qubit j with feature j mod d."""
    return math.pi * inputs[:, np.arange(config.qubits) % inputs.shape[1]]


head = readout
