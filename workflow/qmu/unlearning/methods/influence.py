"""`influence`: the forget set is removed to first order of its influence on the parameters.

Source: Koh and Liang 2017 (arXiv:1703.04730): at a minimum of the loss over all data, leaving rows
out moves it by (H_r + mu I)^-1 (sum of their gradients) / n_r, with H_r the Hessian of the mean
retain loss. For ridge regression this is retraining, exactly. A classifier's Hessian is not
definite: mu holds small directions, and conjugate gradients stop where the curvature is not
positive. Of a saturated model the step of the formula, t = 1, may do next to nothing, or harm: t
grows from less than that until the forget set is forgotten (`stopping`).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.curvature import conjugate_gradients
from qmu.models.model import Parameters
from qmu.unlearning.loops import Scoped, along
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.search import Search
from qmu.unlearning.stopping import Stopping

CARD = MethodCard(
    title="Influence function",
    source="Koh and Liang 2017, arXiv:1703.04730",
    reads="both",
    validation=True,
    cost="epochs",
)


class Config(Scoped):
    """``damping``: mu; ``iterations`` of conjugate gradients, each a Hessian product over the
    retained data; ``shortest``: the first t, ``growth``: the factor from one to the next."""

    damping: Annotated[PositiveFloat, Search(0.01, 1.0, log=True)] = 0.1
    iterations: PositiveInt = 20
    shortest: PositiveFloat = 0.1
    growth: float = Field(default=1.25, gt=1)
    stopping: Stopping = Field(default=Stopping(max_steps=100))


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Move along the influence of the forget set until it is forgotten."""
    step = problem.model.convert(problem.scoped(influence(problem, config)))
    if not any(np.any(value) for value in step.values()):
        why = "no step: with that damping the curvature along the gradient is not positive"
        return Outcome(dict(problem.parameters), why)
    return along(problem, config.stopping, step, config.growth, config.shortest)


def influence(problem: Problem, config: Config) -> Parameters:
    """The step for t = 1, float64."""
    share = len(problem.forget) / len(problem.retain)
    mean = problem.gradient(problem.parameters, problem.forget)

    def product(vector: Parameters) -> Parameters:
        vector = problem.model.convert(vector)
        found = problem.hessian_product(problem.parameters, problem.retain, vector)
        return {name: found[name] + config.damping * vector[name] for name in found}

    target = {name: share * np.asarray(value, np.float64) for name, value in mean.items()}
    return conjugate_gradients(product, target, iterations=config.iterations)
