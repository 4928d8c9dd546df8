"""`ga`: gradient ascent on the forget set, in steps of fixed length, until it is forgotten.

Sources: Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086), where minibatches of the
forget set are ascended for a fixed number of steps; Golatkar, Achille and Soatto 2020
(arXiv:1911.04933). The released settings either do not move a saturated model, whose gradients
vanish, or destroy it. Here a step's length does not depend on the gradient's (`scaled_steps`), and
the run ends by the rules of `stopping`.
"""

from __future__ import annotations

from qmu.models.model import Parameters
from qmu.unlearning.loops import Minibatch, ScaledSteps, follow
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import climbed

CARD = MethodCard(
    title="Gradient ascent",
    source="Su et al. 2025, arXiv:2509.06086; Golatkar et al. 2020, arXiv:1911.04933",
    reads="forget",
    validation=True,
)


class Config(ScaledSteps):
    """``step_length``: the fraction of each tensor's size that one step moves."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Ascend the forget loss along its normalised minibatch gradient."""

    def ascent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.forget)

    return follow(problem, config, ascent, step=climbed)
