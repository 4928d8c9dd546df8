"""`ga`: gradient ascent on the forget set, in steps of fixed length, until it is forgotten.

Sources: Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086), where minibatches of the
forget set are ascended for a fixed number of steps; Golatkar, Achille and Soatto 2020
(arXiv:1911.04933). The released settings either do not move a saturated model, whose gradients
vanish, or destroy it. Here a step's length does not depend on the gradient's (see `_step`), and
the run ends by the rules of `qmu.stopping`.
"""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import climbed, compiled
from qmu.unlearning.stopping import Monitor, Stopping

CARD = MethodCard(
    title="Gradient ascent",
    source="Su et al. 2025, arXiv:2509.06086; Golatkar et al. 2020, arXiv:1911.04933",
    reads="forget",
    validation=True,
)


class Config(Strict):
    """``step_length``: the fraction of each tensor's size that one step moves."""

    step_length: PositiveFloat = 0.002
    batch_size: PositiveInt = 32
    stopping: Stopping = Field(default=Stopping())


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Ascend the forget loss along its normalised minibatch gradient."""
    monitor, parameters, step = Monitor(problem, config.stopping), problem.parameters, 0
    while not monitor.finished and step < config.stopping.max_steps:
        batch = problem.batch(problem.forget, config.batch_size, "forget", step)
        gradient = problem.gradient(parameters, batch)
        parameters = compiled(climbed)(parameters, gradient, config.step_length)
        monitor.step(parameters)
        step += 1
    return monitor.outcome()
