"""`neggrad_plus`: descends the retained loss and ascends the forget loss in one objective.

Source: NegGrad+ of Kurmanji, Triantafillou, Hayes and Triantafillou 2023 (arXiv:2302.09880):
minimise beta L_r - (1 - beta) L_f, with beta = 0.95 in their code; beta = 0.5 is, up to a factor,
what Crivoi and Ionescu 2025 (arXiv:2512.19253) run. The objective has no lower bound, so the run
ends by the rules of `stopping`, not after epochs.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning.loops import Minibatch, Scoped, descending, iterate
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined, compiled
from qmu.unlearning.stopping import Stopping

CARD = MethodCard(
    title="NegGrad+",
    source="Kurmanji et al. 2023, arXiv:2302.09880",
    reads="both",
    validation=True,
)


class Config(Scoped):
    """``beta``: the weight of the retained loss; the forget loss has the rest."""

    beta: float = Field(default=0.95, ge=0, le=1)
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: PositiveFloat = 0.005
    momentum: float = Field(default=0.9, ge=0, lt=1)
    batch_size: PositiveInt = 32
    stopping: Stopping = Field(default=Stopping())


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the difference of the two losses, with equal minibatches."""

    def difference(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        g_r = problem.gradient(parameters, minibatch.retain)
        g_f = problem.gradient(parameters, minibatch.forget)
        return compiled(combined)(g_r, config.beta, g_f, config.beta - 1)

    return iterate(problem, config, descending(config, difference))
