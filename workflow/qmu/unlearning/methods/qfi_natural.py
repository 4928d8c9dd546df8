"""`qfi_natural`: gradient ascent in the geometry of the circuit's states.

Source: Shaik et al. 2025 (arXiv:2511.00406) name updates weighted by the quantum Fisher
information; their formulas are not public. RECONSTRUCTED as the quantum natural gradient of Stokes
et al. 2020 (arXiv:1909.02108), ascended on the forget set: angles move along (F + mu I)^-1 g_f,
other parameters along g_f / (f + mu) with f the empirical Fisher's diagonal of the forget set. Both
are taken at the trained parameters and kept. Steps and their end are those of `ga`, which this is
for a large mu.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning import quantum_fisher
from qmu.unlearning.fisher import sum_of_squares
from qmu.unlearning.loops import Minibatch, ScaledSteps, follow
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import climbed

CARD = MethodCard(
    title="Quantum natural gradient ascent",
    source="named in Shaik et al. 2025, arXiv:2511.00406; Stokes et al. 2020, arXiv:1909.02108",
    reads="forget",
    validation=True,
    needs=("circuit",),
    reconstructed=True,
)


class Config(ScaledSteps):
    """``damping``: mu, by which small directions are held; ``inputs``: most rows over which the
    quantum Fisher information is averaged."""

    damping: PositiveFloat = Field(default=0.1)
    inputs: PositiveInt = 64


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Ascend the forget loss along its preconditioned minibatch gradient."""
    rows = quantum_fisher.drawn(problem, problem.forget, config.inputs, "forget")
    information = quantum_fisher.matrix(problem, rows)
    squares = sum_of_squares(problem, problem.forget)

    def ascent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        found = problem.gradient(parameters, minibatch.forget)
        along = {
            name: np.asarray(value) / (squares[name] / len(problem.forget) + config.damping)
            for name, value in found.items()
        }
        along["circuit"] = quantum_fisher.solved(information, config.damping, found["circuit"])
        return problem.model.convert(along)

    return follow(problem, config, ascent, step=climbed)
