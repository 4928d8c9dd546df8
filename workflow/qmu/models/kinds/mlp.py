"""`mlp`: a classical network, the control without which nothing said of a model is *quantum*.

Source: Rumelhart, Hinton and Williams 1986 (Nature 323, 533). To compare like with like it is given
as many parameters as the quantum model beside it: with one hidden layer of h units on d features
and C classes there are ``(d + 1) h + (h + 1) C``. Chen and Zhang 2025 (arXiv:2508.02422) use 16-4
hidden units on MNIST and 64-16 on ground states.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt

from qmu.lazy import jnp
from qmu.models import initial
from qmu.models.heads import BIAS, WEIGHT, dense, layer
from qmu.models.model import ModelCard
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="Multilayer perceptron (classical control)",
    source="Rumelhart et al. 1986, Nature 323, 533; sizes in arXiv:2508.02422",
    inputs="features",
    trains_embedding=True,
)


class Config(Strict):
    """``hidden``: units of each hidden layer. ``reads``: "features", pixels ("image"), or the real
    and imaginary parts of "states". ``first``: only the first so many features are read (principal
    components come in the order of their variance), so that the parameters can be as few as a
    circuit's."""

    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1, max_length=4)] = (8,)
    activation: Literal["tanh", "relu"] = "tanh"
    reads: Literal["features", "image", "states"] = "features"
    first: PositiveInt | None = None
    training: Training = Training(
        optimizer="adam", learning_rate=0.01, batch_size=32, epochs=40, loss="ce"
    )


def check(config: Config, width: int, classes: int) -> None:
    """ValueError where fewer features are there than are to be read."""
    if config.first is not None and config.first > width:
        raise ValueError(f"first: {config.first} features to read, there are {width}")


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Every tensor from U(-1/sqrt(fan_in), 1/sqrt(fan_in))."""
    width = (config.first or width) * (2 if config.reads == "states" else 1)
    sizes, shapes = (width, *config.hidden), {}
    for number, (inputs, units) in enumerate(pairwise(sizes), start=1):
        shapes[f"layer{number}/weight"] = ((inputs, units), inputs)
        shapes[f"layer{number}/bias"] = ((units,), inputs)
    shapes |= {WEIGHT: ((sizes[-1], classes), sizes[-1]), BIAS: ((classes,), sizes[-1])}
    return initial.uniform(shapes, rng)


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Inputs (n, d) to the last hidden layer (n, units), which the head reads."""
    values = inputs[:, : config.first]
    if config.reads == "states":
        values = jnp.concatenate([values.real, values.imag], axis=1)
    for number in range(1, len(config.hidden) + 1):
        values = layer(
            values, parameters[f"layer{number}/weight"], parameters[f"layer{number}/bias"]
        )
        values = jnp.tanh(values) if config.activation == "tanh" else jnp.maximum(values, 0.0)
    return values


head = dense
