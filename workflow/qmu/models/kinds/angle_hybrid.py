"""`angle_hybrid`: a convolutional front end whose outputs are the angles of a small circuit.

Source: Crivoi and Ionescu 2025 (arXiv:2512.19253), their HybridQConv: conv 1->16, 3x3, padding 1 ->
ReLU -> max-pool 2 -> conv 16->32, 3x3, padding 1 -> ReLU -> max-pool 2 -> dense 1568->qubits ->
pi tanh -> RX, RY, RZ -> 2 layers {RX, RY, RZ on each qubit; CZ ring} -> <Z> -> dense, 32 units ->
ReLU -> dense, 10. 18,018 parameters on 8 qubits (MNIST); Fashion-MNIST has 10. The last RZ of every
qubit is dead, and so is the last ring.
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
from qmu.models.heads import BIAS, HIDDEN_BIAS, HIDDEN_WEIGHT, WEIGHT, layer, two_layers
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Angle-embedded hybrid QNN",
    source="Crivoi and Ionescu 2025, arXiv:2512.19253",
    inputs="image",
    trains_embedding=True,
)

SIDE, KERNEL = 28, 3
CHANNELS = (1, 16, 32)
POOLED = CHANNELS[-1] * (SIDE // 4) ** 2


class Config(Strict):
    """``hidden``: units of the head's first layer. The recipe of training is ours."""

    qubits: int = Field(default=8, ge=2, le=16)
    layers: int = Field(default=2, ge=1, le=50)
    hidden: PositiveInt = 32
    training: Training = Training(
        optimizer="adam", learning_rate=0.001, batch_size=16, epochs=25, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError for images of another size."""
    if width != SIDE**2:
        raise ValueError(
            f"model: angle_hybrid reads images of {SIDE} x {SIDE} pixels, found {width}"
        )


def circuit(config: Config, classes: int) -> Circuit:
    """The quantum part."""
    return angle_hybrid.circuit(config.qubits, config.layers)


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Classical tensors from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), angles from U(-pi, pi)."""
    first, second = (KERNEL**2 * channels for channels in CHANNELS[:2])
    shapes = {
        "conv1/weight": ((first, CHANNELS[1]), first),
        "conv1/bias": ((CHANNELS[1],), first),
        "conv2/weight": ((second, CHANNELS[2]), second),
        "conv2/bias": ((CHANNELS[2],), second),
        "fc/weight": ((POOLED, config.qubits), POOLED),
        "fc/bias": ((config.qubits,), POOLED),
        "circuit": ((config.layers, config.qubits, 3), None),
        HIDDEN_WEIGHT: ((config.qubits, config.hidden), config.qubits),
        HIDDEN_BIAS: ((config.hidden,), config.qubits),
        WEIGHT: ((config.hidden, classes), config.hidden),
        BIAS: ((classes,), config.hidden),
    }
    return initial.uniform(shapes, rng)


# Weights of a wide dense layer -> its bias: their squared gradients are taken without one weight
# matrix per sample.
DENSE = {"fc/weight": "fc/bias"}


def dense_inputs(parameters: dict[str, Array], inputs: Array) -> Array:
    """What enters the dense layer, (n, 1568) in order (row, column, channel)."""
    maps = inputs.reshape(-1, SIDE, SIDE, 1)
    for name in ("conv1", "conv2"):
        maps = _pooled(_convolved(maps, parameters[f"{name}/weight"], parameters[f"{name}/bias"]))
    return maps.reshape(len(inputs), POOLED)


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Pixels (n, 784) in [-1, 1] to angles (n, qubits) in radians."""
    pooled = dense_inputs(parameters, inputs)
    return math.pi * jnp.tanh(layer(pooled, parameters["fc/weight"], parameters["fc/bias"]))


head = two_layers


def _convolved(maps: Array, weight: Array, bias: Array) -> Array:
    """Maps (n, s, s, c) by a kernel (9 c, k), rows in order (row, column, channel), as one product
    with all patches: (n, s, s, k) after ReLU."""
    count, side, _, channels = maps.shape
    padded = jnp.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = [
        padded[:, row : row + side, column : column + side]
        for row in range(KERNEL)
        for column in range(KERNEL)
    ]
    patches = jnp.concatenate(patches, axis=-1).reshape(-1, KERNEL**2 * channels)
    return jnp.maximum(layer(patches, weight, bias), 0.0).reshape(count, side, side, -1)


def _pooled(maps: Array) -> Array:
    """The largest of each 2 x 2 square: (n, s, s, c) to (n, s / 2, s / 2, c)."""
    count, side, _, channels = maps.shape
    return maps.reshape(count, side // 2, 2, side // 2, 2, channels).max(axis=(2, 4))
