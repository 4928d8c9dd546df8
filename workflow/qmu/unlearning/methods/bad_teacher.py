"""`bad_teacher`: distils the retained data from the trained model, the forget set from a random
one.

Source: Chundawat, Tarun, Mandal and Kankanhalli 2023 (arXiv:2205.08096). The incompetent teacher
has fresh parameters of the model's own initialiser. The objective is
mean KL(p_0 || p) over retained data + ``weight`` * mean KL(p_random || p) over the forget set; both
terms are bounded below, so the run takes epochs. Here each step takes a minibatch of both sets.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined, compiled

CARD = MethodCard(
    title="Bad teacher",
    source="Chundawat et al. 2023, arXiv:2205.08096",
    reads="both",
    cost="epochs",
)


class Config(FineTuning):
    """``weight`` of the forget set's term; ``temperature`` of all softmaxes."""

    weight: float = Field(default=1.0, ge=0)
    temperature: PositiveFloat = 1.0
    learning_rate: PositiveFloat = 0.005


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend both divergences."""
    random = problem.model.initial_parameters(problem.generator("initial"))
    good = taught(problem, problem.parameters, problem.retain, config.temperature)
    bad = taught(problem, random, problem.forget, config.temperature)
    loss = losses.divergence_at(config.temperature)

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        near = problem.gradient(parameters, minibatch.of(good, "retain"), loss)
        away = problem.gradient(parameters, minibatch.of(bad, "forget"), loss)
        return compiled(combined)(near, 1.0, away, config.weight)

    return fine_tune(problem, config, descent)


def taught(problem: Problem, teacher: Parameters, data: Data, temperature: float) -> Data:
    """The rows with the teacher's probabilities (n, C) as targets."""
    logits = problem.logits(teacher, data) / temperature
    tops = np.exp(losses.log_probabilities(logits, np))
    return Data(data.inputs, tops.astype(problem.model.dtype))
