"""`tanh_net`: one hidden layer on the principal components, and no circuit at all.

A recipe of this project.
"""

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from qmu.lazy import jnp
from qmu.models.heads import dense
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="One hidden layer of tanh",
    source="a recipe of this project",
    inputs="features",
    trains_embedding=True,
)


class Config(Strict):
    """``hidden``: units of the hidden layer."""

    hidden: int = Field(default=16, ge=1)
    training: Training = Training(optimizer="adam", learning_rate=0.02, batch_size=20, epochs=8)


def check(config: Config, width: int, classes: int) -> None:
    """Any number of features will do."""


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Normal weights; the first layer's shape follows from the data."""
    return {
        "hidden/weight": rng.normal(size=(width, config.hidden)) / np.sqrt(width),
        "head/weight": rng.normal(size=(config.hidden, classes)) / np.sqrt(config.hidden),
        "head/bias": np.zeros(classes),
    }


def embed(config: Config, parameters: dict[str, "Array"], inputs: "Array") -> "Array":
    """Features (n, d) to the hidden layer (n, hidden)."""
    return jnp.tanh(inputs @ parameters["hidden/weight"])


head = dense
