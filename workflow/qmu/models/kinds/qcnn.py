"""`qcnn`: convolutions and poolings on 8 qubits, until one qubit is left.

Source: Hur, Kim and Park 2022 (arXiv:2108.00661); offered by the code of Su et al. 2025
(arXiv:2509.06086). Each of three convolutions shares one two-qubit unitary over its pairs, each of
three poolings two angles: ``3 u + 6`` parameters, with u of the chosen unitary. Two classes are
read as theirs are, by the probabilities of the last qubit. RECONSTRUCTED: for more classes, a dense
layer on <Z> of all qubits, those that were pooled away included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import PositiveInt

from qmu.circuits.ansatz import qcnn
from qmu.circuits.circuit import Circuit
from qmu.lazy import jnp
from qmu.models import embeddings, initial
from qmu.models.heads import BIAS, WEIGHT, dense
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Quantum convolutional network",
    source="Hur, Kim and Park 2022, arXiv:2108.00661",
    inputs="features",
)

# Keeps the logarithm of a probability finite where the last qubit is certain.
SURE = 1e-6


class Config(Strict):
    """``unitary``: that of the convolutions. ``readout``: the probabilities of the last qubit (two
    classes), or a dense layer on all. ``blocks`` of qubits, for ``embedding: block_amplitude``. The
    recipe of training is ours."""

    unitary: Literal["ttn", "u5", "u6", "u9", "u13", "u14", "u15", "so4", "su4"] = "su4"
    embedding: embeddings.Embedding = "amplitude"
    blocks: PositiveInt = 2
    readout: Literal["dense", "probability"] = "dense"
    training: Training = Training(
        optimizer="adam", learning_rate=0.02, batch_size=32, epochs=40, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError where the features do not fit the embedding, or the classes the readout."""
    embeddings.check(config.embedding, qcnn.WIRES, config.blocks, width)
    if config.readout == "probability" and classes != 2:
        raise ValueError(f"readout: one qubit tells two classes apart, not {classes} (dense)")


def circuit(config: Config, classes: int) -> Circuit:
    """The quantum part."""
    return qcnn.circuit(
        config.unitary.upper(),
        embeddings.rotations(config.embedding),
        (qcnn.LAST,) if config.readout == "probability" else tuple(range(qcnn.WIRES)),
    )


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Angles from U(-pi, pi), a dense layer from U(-1/sqrt(8), 1/sqrt(8))."""
    shapes = {"circuit": ((circuit(config, classes).parameters,), None)}
    if config.readout == "dense":
        shapes |= {WEIGHT: ((qcnn.WIRES, classes), qcnn.WIRES), BIAS: ((classes,), qcnn.WIRES)}
    return initial.uniform(shapes, rng)


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Features (n, d), padded with zeros, to unit amplitude vectors (n, 256) or angles."""
    return embeddings.embedded(inputs, config.embedding, qcnn.WIRES, config.blocks)


def head(parameters: dict[str, Array], values: Array) -> Array:
    """<Z> (n, 8) through the dense layer; <Z> (n, 1) to the log-probabilities of +1 and -1."""
    if WEIGHT in parameters:
        return dense(parameters, values)
    certain = (1 - SURE) * values
    return jnp.log(jnp.concatenate([1 + certain, 1 - certain], axis=1) / 2)
