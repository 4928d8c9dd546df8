"""`msg`: masked small gradients: parameters on which both sets agree begin anew.

Source: Cadet, Borovykh, Malekzadeh, Ahmadi-Abhari and Haddadi 2024 ("Deep Unlearn",
arXiv:2410.01276), after an entry of the NeurIPS 2023 challenge. With g = grad L_r - grad L_f over
all of both sets, the 30% of the parameters with the smallest |g| are re-initialised. Fine-tuning on
the retained data follows, in which the gradients of the kept ones count a tenth. The share is taken
over all tensors of the scope together, weights do not decay, and the rate is higher than the
published 0.001, at which angles hardly move. Adam would undo the factor of a tenth: it is not
offered.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat

from qmu.models.model import Parameters
from qmu.unlearning import masks
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined, compiled

CARD = MethodCard(
    title="Masked small gradients",
    source="Cadet et al. 2024, arXiv:2410.01276",
    reads="both",
    cost="epochs",
)


class Config(FineTuning):
    """``share``: how many begin anew; ``kept``: what the others' gradients are multiplied by."""

    share: float = Field(default=0.3, ge=0, le=1)
    kept: float = Field(default=0.1, ge=0)
    optimizer: Literal["sgd"] = "sgd"
    learning_rate: PositiveFloat = 0.05


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Re-initialise where the gradients differ least, then descend on the retained data."""
    g_r = problem.gradient(problem.parameters, problem.retain)
    g_f = problem.gradient(problem.parameters, problem.forget)
    smallness = {
        name: -np.abs(np.asarray(value))
        for name, value in compiled(combined)(g_r, 1.0, g_f, -1.0).items()
    }
    renewed = masks.highest(problem, smallness, config.share)
    fresh = problem.model.initial_parameters(problem.generator("initial"))

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        gradient = problem.gradient(parameters, minibatch.retain)
        return masks.weighted(renewed, gradient, config.kept)

    start = masks.chosen(renewed, fresh, problem.parameters)
    return fine_tune(problem, config, descent, start)
