"""`weighted_ascent`: ascend the loss on the forget set and descend it on the retain set."""

from pydantic import Field
from qmu.models.model import Parameters
from qmu.unlearning.loops import Minibatch, ScaledSteps, follow
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import climbed, combined

CARD = MethodCard(
    title="Weighted ascent", source="Author 2026, arXiv:...", reads="both", validation=True
)


class Config(ScaledSteps):
    """``weight``: the share of the forget set in the direction of a step."""

    weight: float = Field(default=0.5, ge=0, le=1)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Follow the weighted difference of both gradients."""

    def direction(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        forget = problem.gradient(parameters, minibatch.forget)
        retain = problem.gradient(parameters, minibatch.retain)
        return combined(forget, config.weight, retain, config.weight - 1)

    return follow(problem, config, direction, step=climbed)
