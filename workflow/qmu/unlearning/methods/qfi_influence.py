"""`qfi_influence`: the influence step with quantum Fisher information in the Hessian's place.

Source: Shaik et al. 2025 (arXiv:2511.00406) name updates weighted by the quantum Fisher
information; their formulas are not public. RECONSTRUCTED as the removal of the forget set to first
order (Koh and Liang 2017, arXiv:1703.04730), theta + t (F + mu I)^-1 (sum of g over the forget set)
/ n_r, with F over the retained data; other parameters take the empirical Fisher's diagonal there.

The formula is t = 1. Gradients of a saturated model vanish and F does not, so t grows until the
forget set is forgotten (`stopping`).
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning import quantum_fisher
from qmu.unlearning.fisher import sum_of_squares
from qmu.unlearning.loops import Scoped, along
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.stopping import Stopping

CARD = MethodCard(
    title="Influence step by quantum Fisher information",
    source="named in Shaik et al. 2025, arXiv:2511.00406; Koh and Liang 2017, arXiv:1703.04730",
    reads="both",
    validation=True,
    needs=("circuit",),
    cost="once",
    reconstructed=True,
)


class Config(Scoped):
    """``damping``: mu; ``inputs``: most rows over which the quantum Fisher information is averaged;
    ``growth``: the factor from one t to the next, beginning with 1."""

    damping: PositiveFloat = 0.1
    inputs: PositiveInt = 64
    growth: float = Field(default=1.25, gt=1)
    stopping: Stopping = Field(default=Stopping(max_steps=100))


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Move along the influence of the forget set until it is forgotten."""
    return along(problem, config.stopping, influence(problem, config), config.growth)


def influence(problem: Problem, config: Config) -> Parameters:
    """The step for t = 1."""
    share = len(problem.forget) / len(problem.retain)
    mean = problem.gradient(problem.parameters, problem.forget)
    squares = sum_of_squares(problem, problem.retain)
    rows = quantum_fisher.drawn(problem, problem.retain, config.inputs, "retain")
    information = quantum_fisher.matrix(problem, rows)
    step = {
        name: share * np.asarray(value) / (squares[name] / len(problem.retain) + config.damping)
        for name, value in mean.items()
    }
    step["circuit"] = share * quantum_fisher.solved(information, config.damping, mean["circuit"])
    return problem.model.convert(problem.scoped(step))
