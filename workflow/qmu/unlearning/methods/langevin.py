"""`langevin`: projected noisy gradient descent on all retained data, Langevin unlearning.

Source: Chien, Wang, Chen and Li 2024 (arXiv:2401.10371). A step is

    theta <- P_R(theta - eta g_r + sqrt(2 eta) sigma xi),  xi standard normal,

with the mean gradient over the whole retain set and the projection P_R on the ball of radius R.

The trap: their certificate of forgetting holds only if the model was *trained* by the same noisy
descent, on a loss with bounded gradients. None of the models here is, so none is claimed.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning import noise
from qmu.unlearning.loops import Scoped
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import compiled

CARD = MethodCard(
    title="Langevin unlearning",
    source="Chien et al. 2024, arXiv:2401.10371",
    reads="retain",
    cost="epochs",
)


class Config(Scoped):
    """``learning_rate`` is eta, ``noise`` sigma, ``radius`` R over all parameters, null for none;
    ``steps`` over the whole retain set."""

    learning_rate: PositiveFloat = 0.05
    noise: float = Field(default=0.01, ge=0)
    radius: PositiveFloat | None = 100.0
    steps: PositiveInt = 20


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Take noisy full-gradient steps on the retained data."""
    parameters = problem.parameters
    for number in range(config.steps):
        gradient = problem.gradient(parameters, problem.retain)
        added = noise.normal(problem.key("noise", number), gradient)
        settings = (config.learning_rate, config.noise, config.radius or math.inf)
        stepped = compiled(step)(parameters, gradient, added, *settings)
        parameters = problem.within(stepped)
    return Outcome(parameters, f"all of {config.steps} steps taken")


def step(
    parameters: Parameters, gradient: Parameters, added: Parameters, eta: Any, sigma: Any, most: Any
) -> Parameters:
    """One noisy step, projected on the ball of radius ``most``."""
    moved = {
        name: value - eta * gradient[name] + jnp.sqrt(2 * eta) * sigma * added[name]
        for name, value in parameters.items()
    }
    length = jnp.sqrt(sum(jnp.vdot(value, value) for value in moved.values()))
    share = jnp.where(length > most, most / length, 1.0)
    return {name: share.astype(value.dtype) * value for name, value in moved.items()}
