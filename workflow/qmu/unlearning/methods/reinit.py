"""`reinit`: the parameters that matter most to the forget set begin anew, then all are fine-tuned.

RECONSTRUCTED: Shaik et al. 2025 (arXiv:2511.00406) name re-initialisation without details. The
importance is that of `ssd`, I_f / I_D with mean squared per-sample gradients; the share with the
largest ratios, over all tensors of the scope, takes values of the model's own initialiser. A share
of 1 is training anew on the retained data, a share of 0 is `finetune`.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat

from qmu.models.model import Parameters
from qmu.unlearning import masks
from qmu.unlearning.fisher import sum_of_squares
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Re-initialisation of the important",
    source="Shaik et al. 2025, arXiv:2511.00406 (named there; details reconstructed)",
    reads="both",
    cost="epochs",
    reconstructed=True,
)


class Config(FineTuning):
    """``share`` of the parameters that begin anew."""

    share: float = Field(default=0.1, ge=0, le=1)
    learning_rate: PositiveFloat = 0.01


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Re-initialise by the ratio of importances, then descend on the retained data."""
    ratio = importance(problem)
    chosen = masks.highest(problem, ratio, config.share)
    fresh = problem.model.initial_parameters(problem.generator("initial"))

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.retain)

    start = masks.chosen(chosen, fresh, problem.parameters)
    return fine_tune(problem, config, descent, start)


def importance(problem: Problem) -> dict[str, np.ndarray]:
    """I_f / I_D of every parameter; 0 where nothing depends on it."""
    n_f, n_r = len(problem.forget), len(problem.retain)
    forget = sum_of_squares(problem, problem.forget)
    retain = sum_of_squares(problem, problem.retain)
    ratio = {}
    for name in forget:
        of_all = (forget[name] + retain[name]) / (n_f + n_r)
        ratio[name] = np.where(of_all > 0, forget[name] / n_f / np.where(of_all > 0, of_all, 1), 0)
    return ratio
