"""`finetune`: goes on training on the retained data alone, so that the rest fades by itself.

The baseline of "catastrophic forgetting", for instance in Golatkar, Achille and Soatto 2020
(arXiv:1911.04933). The forget set is never read: a class that is told apart well by then barely
fades, because the gradient on the retained data is small.
"""

from __future__ import annotations

from pydantic import PositiveFloat

from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Fine-tuning on the retained data",
    source="Golatkar et al. 2020, arXiv:1911.04933",
    reads="retain",
    cost="epochs",
)


class Config(FineTuning):
    """The rate is ten times the usual one of Adam: angles hardly move at 0.001."""

    learning_rate: PositiveFloat = 0.01


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the training loss of the retained data."""

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.retain)

    return fine_tune(problem, config, descent)
