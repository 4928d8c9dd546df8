"""`hqnn`: a small convolutional front end whose output is the amplitude vector of the circuit.

Source: Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086) and its released code:
image (x - 0.5) / 0.5 -> conv 1->5, 5x5, padding 2 -> ReLU -> max-pool 2 -> dense 980->256 -> leaky
ReLU 0.01 -> L2 normalisation -> amplitude embedding -> U3-CNOT layers -> <Z> -> dense 8->10. With
another embedding (see `qmu.models.embeddings`) the dense layer has as many outputs as that takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, PositiveInt

from qmu.circuits.ansatz import u3_cnot_ring
from qmu.circuits.circuit import Circuit
from qmu.lazy import jnp
from qmu.models import embeddings, initial
from qmu.models.heads import BIAS, WEIGHT, dense, layer
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Hybrid QNN",
    source="Su et al. 2025, arXiv:2509.06086",
    inputs="image",
    trains_embedding=True,
)

SIDE, KERNEL, CHANNELS = 28, 5, 5
POOLED = CHANNELS * (SIDE // 2) ** 2
SLOPE = 0.01
# Columns of the image per strip, an even divisor of 28: of 28, 14 and 4 the fastest for a fleet.
STRIP = 4


class Config(Strict):
    """251,356 classical parameters at 8 qubits and 24 angles per layer.

    ``blocks`` of qubits, for ``embedding: block_amplitude``.
    """

    qubits: int = Field(default=8, ge=2, le=14)
    layers: int = Field(default=5, ge=0, le=50)
    embedding: embeddings.Embedding = "amplitude"
    blocks: PositiveInt = 2

    @property
    def features(self) -> int:
        """Outputs of the front end."""
        return embeddings.capacity(self.embedding, self.qubits, self.blocks)

    training: Training = Training(
        optimizer="sgd", learning_rate=0.1, batch_size=8, epochs=25, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError for images of another size."""
    embeddings.check(config.embedding, config.qubits, config.blocks)
    if width != SIDE**2:
        raise ValueError(f"model: hqnn reads images of {SIDE} x {SIDE} pixels, found {width}")


def circuit(config: Config, classes: int) -> Circuit:
    """The quantum part."""
    rotations = embeddings.rotations(config.embedding)
    return u3_cnot_ring.circuit(config.qubits, config.layers, rotations)


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Classical tensors from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), angles from U(-pi, pi)."""
    shapes = {
        "conv/weight": ((KERNEL * KERNEL, CHANNELS), KERNEL * KERNEL),
        "conv/bias": ((CHANNELS,), KERNEL * KERNEL),
        "fc/weight": ((POOLED, config.features), POOLED),
        "fc/bias": ((config.features,), POOLED),
        "circuit": ((config.layers, config.qubits, 3), None),
        WEIGHT: ((config.qubits, classes), config.qubits),
        BIAS: ((classes,), config.qubits),
    }
    return initial.uniform(shapes, rng)


# Weights of a wide dense layer -> its bias: their squared gradients are taken without one weight
# matrix per sample.
DENSE = {"fc/weight": "fc/bias"}


def dense_inputs(parameters: dict[str, Array], inputs: Array) -> Array:
    """What enters the dense layer, (n, 980)."""
    return convolve_and_pool(inputs, parameters["conv/weight"], parameters["conv/bias"])


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Pixels (n, 784) in [-1, 1] to unit amplitude vectors (n, 2**qubits) or angles."""
    pooled = dense_inputs(parameters, inputs)
    hidden = layer(pooled, parameters["fc/weight"], parameters["fc/bias"])
    hidden = jnp.where(hidden > 0, hidden, SLOPE * hidden)
    return embeddings.embedded(hidden, config.embedding, config.qubits, config.blocks)


head = dense


def convolve_and_pool(inputs: Array, weight: Array, bias: Array) -> Array:
    """Convolution, max-pool 2 and ReLU: (n, 784) to (n, 980) in order (row, column, channel).

    One matrix product does the convolution: strips of the image against a banded matrix that holds
    the kernel once per column of the strip. It costs more multiplications than a direct loop but
    stays one (batched) product of a good size when many models are trained at once. Its columns
    are ordered by parity, so that pooling compares contiguous halves; max-pool and ReLU commute.
    """
    count, margin, half = inputs.shape[0], KERNEL // 2, SIDE // 2
    images = jnp.pad(inputs.reshape(count, SIDE, SIDE), ((0, 0), (margin,) * 2, (margin,) * 2))
    # Two small stacks (rows, then columns) compile three times faster than one of all strips.
    rows = [
        images[:, first : first + SIDE - 1 : 2]
        for parity in range(2)
        for first in range(parity, parity + KERNEL)
    ]
    rows = jnp.stack(rows, axis=2).reshape(count, half, 2, KERNEL, SIDE + 2 * margin)
    strips = [rows[..., left : left + STRIP + KERNEL - 1] for left in range(0, SIDE, STRIP)]
    strips = jnp.stack(strips, axis=3)
    width = KERNEL * (STRIP + KERNEL - 1)
    maps = strips.reshape(count * half * 2 * (SIDE // STRIP), width) @ _banded(weight)
    maps = maps.reshape(count, half, 2, SIDE // STRIP, 2, STRIP // 2 * CHANNELS)
    higher = jnp.maximum(maps[:, :, 0], maps[:, :, 1])
    pooled = jnp.maximum(higher[:, :, :, 0], higher[:, :, :, 1])
    tiled = jnp.broadcast_to(jnp.tile(bias, STRIP // 2), pooled.shape)
    return jnp.maximum(pooled + tiled, 0.0).reshape(count, POOLED)


def _banded(weight: Array) -> Array:
    """The kernel (25, 5) as the matrix from a strip (row, column) to (parity, column, channel)."""
    columns = np.arange(STRIP + KERNEL - 1)
    targets = np.arange(STRIP).reshape(STRIP // 2, 2).T.reshape(-1)
    shift = columns[:, None] - targets[None, :]
    band = (shift[None] == np.arange(KERNEL)[:, None, None]).reshape(KERNEL, -1)
    kernel = weight.reshape(KERNEL, KERNEL, CHANNELS).transpose(0, 2, 1).reshape(-1, KERNEL)
    spread = (kernel @ jnp.asarray(band, weight.dtype)).reshape(
        KERNEL, CHANNELS, len(columns), STRIP
    )
    return spread.transpose(0, 2, 3, 1).reshape(KERNEL * len(columns), STRIP * CHANNELS)
