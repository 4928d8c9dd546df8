"""`rzz_vqc`: amplitudes or ground states, rotations and a ring of RZZ, one qubit read out.

Source: Chen and Zhang 2025 (arXiv:2508.02422): depth 6 on 10 qubits for 784 zero-padded pixels,
depth 4 on 12 qubits for ground states of the XXZ chain, p(class 1) = sigmoid(5 <Z_last>), angles
from N(0, 0.01^2), Adam 0.005 with batches of 256 for 100 epochs (XXZ: 0.03, 32, 200). Their images
are normalised column by column, by a mistake of the axis; here the whole vector is. RECONSTRUCTED:
every RZZ has an angle of its own.

The logits lie between -2.5 and 2.5, and there is no bias to edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from qmu.circuits.ansatz import rzz_ring
from qmu.circuits.circuit import Circuit
from qmu.lazy import jnp
from qmu.models import embeddings
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="RZZ ring classifier",
    source="Chen and Zhang 2025, arXiv:2508.02422 (RZZ angles reconstructed)",
    inputs="features",
)

SHARPNESS = 5.0


class Config(Strict):
    """``reads``: "features", or the amplitudes of "states" as they are."""

    qubits: int = Field(default=10, ge=2, le=16)
    layers: int = Field(default=6, ge=1, le=50)
    reads: Literal["features", "states"] = "features"
    training: Training = Training(
        optimizer="adam", learning_rate=0.005, batch_size=256, epochs=100, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError where the inputs do not fit the amplitudes, or for other than two classes."""
    if classes != 2:
        raise ValueError(f"model: rzz_vqc tells two classes apart, the data set has {classes}")
    if config.reads == "states" and width != 2**config.qubits:
        raise ValueError(
            f"qubits: states of {width} amplitudes, {config.qubits} qubits have {2**config.qubits}"
        )
    embeddings.check("amplitude", config.qubits, 1, width)


def circuit(config: Config, classes: int) -> Circuit:
    """The whole model."""
    return rzz_ring.circuit(config.qubits, config.layers)


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Angles from N(0, 0.01^2)."""
    return {"circuit": 0.01 * rng.normal(size=circuit(config, classes).parameters)}


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Inputs (n, d), padded with zeros, to unit amplitude vectors (n, 2**qubits)."""
    return embeddings.embedded(inputs, "amplitude", config.qubits)


def head(parameters: dict[str, Array], values: Array) -> Array:
    """<Z> (n, 1) to logits (n, 2), whose difference is 5 <Z>."""
    half = SHARPNESS / 2 * values
    return jnp.concatenate([-half, half], axis=1)
