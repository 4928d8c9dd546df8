"""`kernel_clf`: ridge regression with the fidelity kernel of embedded features, class by class.

Source: Havlicek et al. 2019 (arXiv:1804.11326) and Schuld and Killoran 2019 (arXiv:1803.07128) for
the kernel, k(x, x') = |<phi(x)|phi(x')>|^2. Training is a closed form, alpha = (K + penalty I)^-1 Y
with one class against the rest in each column of Y. Kept are the weights of the density matrices of
the same function (see `qmu.models.kernel`), as many for any number of training rows. A class's
score is what the kernel sums up to, and its logit but for a bias, which training leaves at zero.

No angle is trained, so that nothing runs on a device and no circuit is audited.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.circuits.circuit import Circuit, turns
from qmu.lazy import jax, jnp
from qmu.models import embeddings, kernel
from qmu.models.chunks import CHUNK, in_chunks
from qmu.models.heads import BIAS
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Fidelity kernel classifier",
    source="Havlicek et al. 2019, arXiv:1804.11326; Schuld and Killoran 2019, arXiv:1803.07128",
    inputs="features",
    trains_embedding=True,
)

# Scores of every class, by the density matrix of a row.
SCORES = "kernel/weight"


class Config(Strict):
    """``penalty``: the ridge's lambda. ``blocks`` of qubits, for ``embedding: block_amplitude``.
    ``training`` is what methods and relearning go by; the model itself is fitted at once."""

    qubits: int = Field(default=8, ge=1, le=8)
    embedding: embeddings.Embedding = "amplitude"
    blocks: PositiveInt = 2
    penalty: PositiveFloat = 0.1
    training: Training = Training(
        optimizer="adam", learning_rate=0.01, batch_size=32, epochs=1, loss="ce"
    )

    @property
    def real(self) -> bool:
        """Whether all amplitudes are."""
        return self.embedding != "compact_angle"


def check(config: Config, width: int, classes: int) -> None:
    """ValueError where the features do not fit the embedding, or for a recipe of steps."""
    embeddings.check(config.embedding, config.qubits, config.blocks, width)
    for key in ("private", "federated"):
        if getattr(config.training, key) is not None:
            raise ValueError(f"training.{key}: is a way of taking steps, and kernel_clf takes none")


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Weights and biases from N(0, 0.01^2), until the model is fitted."""
    size = kernel.dimension(2**config.qubits, config.real)
    shapes = {SCORES: (size, classes), BIAS: (classes,)}
    return {name: 0.01 * rng.normal(size=shape) for name, shape in shapes.items()}


def fit(config: Config, inputs: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, Any]:
    """The parameters for training rows (n, d) with their labels (n,), float64."""
    found = in_chunks(_program(config), inputs, min(CHUNK, len(inputs)))
    found = found.astype(np.result_type(found.dtype, np.float64))
    regular = kernel.fidelity(found, found) + config.penalty * np.eye(len(found))
    dual = np.linalg.solve(regular, kernel.targets(labels, classes))
    weights = sum(
        kernel.density(found[start : start + CHUNK], np).T @ dual[start : start + CHUNK]
        for start in range(0, len(found), CHUNK)
    )
    return {SCORES: weights, BIAS: np.zeros(classes)}


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Features (n, d) to the scores of all classes (n, classes)."""
    return kernel.density(states(config, inputs), jnp) @ parameters[SCORES]


def head(parameters: dict[str, Array], values: Array) -> Array:
    """Scores (n, classes) to logits: the biases are added."""
    return values + jnp.broadcast_to(parameters[BIAS], values.shape)


def states(config: Config, inputs: Array) -> Array:
    """The embedded features (n, d), unit vectors (n, 2**qubits)."""
    entered = embeddings.embedded(inputs, config.embedding, config.qubits, config.blocks)
    rotations = embeddings.rotations(config.embedding)
    if not rotations:
        return entered
    from qmu.simulators.statevector.engine import states_function

    turned = tuple(turns(config.qubits, rotations))
    size = len(rotations) * config.qubits
    drawn = Circuit(config.qubits, "angle", turned, (), 0, size)
    precision = "double" if entered.dtype == jnp.float64 else "single"
    found = states_function(drawn, precision)(np.zeros(0), entered)
    return found.real if config.real else found


@lru_cache(maxsize=8)
def _program(config: Config) -> Any:
    return jax.jit(lambda inputs: states(config, inputs))
