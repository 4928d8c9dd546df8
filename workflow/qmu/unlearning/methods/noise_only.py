"""`noise_only`: a control that adds Gaussian noise to the parameters, whoever is to be forgotten.

It reads nothing, so it forgets nothing in particular: a lower leakage is bought by accuracy alone.
An entry's standard deviation is ``size`` times the root mean square of its tensor; of the
circuit's, times that of angles uniform on the circle (see `scaled_steps`).
"""

from __future__ import annotations

import math

from pydantic import Field

from qmu.models.model import Parameters
from qmu.unlearning import noise
from qmu.unlearning.loops import Scoped
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import compiled, moved

CARD = MethodCard(
    title="Noise on the parameters (control)",
    source="negative control of this project",
    reads="none",
    cost="nothing",
    control=True,
)


class Config(Scoped):
    """``size`` of the noise, as a share of each tensor's."""

    size: float = Field(default=0.05, ge=0)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Add the noise once; costs nothing."""
    directions = noise.normal(problem.key("noise"), problem.parameters)
    found = compiled(jittered)(problem.parameters, directions, config.size)
    return Outcome(problem.within(found), f"noise of {config.size:g} of each tensor's size added")


def jittered(parameters: Parameters, directions: Parameters, size: float) -> Parameters:
    """``parameters`` with ``size`` times their root mean square times standard normal entries."""
    lengths = {name: value / math.sqrt(max(value.size, 1)) for name, value in directions.items()}
    return moved(parameters, lengths, size)
