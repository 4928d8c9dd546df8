"""`basic_qnn`: principal components in amplitudes, U3-CNOT layers, a dense head on <Z>.

Source: Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086) and its released code, which
offers the other embeddings too (see `qmu.models.embeddings`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, PositiveInt

from qmu.circuits.ansatz import u3_cnot_ring
from qmu.circuits.circuit import Circuit
from qmu.models import embeddings
from qmu.models.heads import BIAS, WEIGHT, dense
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Basic QNN",
    source="Su et al. 2025, arXiv:2509.06086",
    inputs="features",
    trains_embedding=False,
)


class Config(Strict):
    """24 circuit angles per layer at 8 qubits, and a dense head of 8 x 10 weights, 10 biases.

    ``blocks`` of qubits, for ``embedding: block_amplitude``.
    """

    qubits: int = Field(default=8, ge=2, le=20)
    layers: int = Field(default=5, ge=0, le=50)
    embedding: embeddings.Embedding = "amplitude"
    blocks: PositiveInt = 2
    training: Training = Training(
        optimizer="nesterov", learning_rate=0.05, batch_size=32, epochs=64, loss="bce_sum"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError where the features do not fit the embedding."""
    embeddings.check(config.embedding, config.qubits, config.blocks, width)


def circuit(config: Config, classes: int) -> Circuit:
    """The quantum part."""
    rotations = embeddings.rotations(config.embedding)
    return u3_cnot_ring.circuit(config.qubits, config.layers, rotations)


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Every angle, weight and bias from N(0, 1), as released."""
    shapes = {
        "circuit": (config.layers, config.qubits, 3),
        WEIGHT: (config.qubits, classes),
        BIAS: (classes,),
    }
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Features (n, components), padded with zeros, to unit amplitude vectors (n, 2**qubits) or
    angles."""
    return embeddings.embedded(inputs, config.embedding, config.qubits, config.blocks)


head = dense
