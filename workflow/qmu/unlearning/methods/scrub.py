"""`scrub`: a student that leaves its teacher on the forget set and stays with it elsewhere.

Source: SCRUB of Kurmanji, Triantafillou, Hayes and Triantafillou 2023 (arXiv:2302.09880). With
d = T^2 KL(teacher || student) at the temperature T, passes over the forget set that ascend d
alternate with passes over the retained data that descend alpha d + gamma L_r; only the first
``forget_epochs`` of the epochs ascend, so what has no bound is ascended for a few passes, and
descent repairs it. Published: alpha 0.5, gamma 1, T 2, Adam 5e-4 that decays, 10 epochs, 3 of them
with ascent.

The trap: where the student still is its teacher the gradient of d is exactly zero, and Adam turns
rounding errors into whole steps. So every epoch descends first, then ascends. The rate does not
decay here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, descending
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem

CARD = MethodCard(
    title="SCRUB",
    source="Kurmanji et al. 2023, arXiv:2302.09880",
    reads="both",
    cost="epochs",
)


class Config(FineTuning):
    """``alpha`` weighs the distance to the teacher, ``gamma`` the training loss; the first
    ``forget_epochs`` also ascend on the forget set."""

    alpha: float = Field(default=0.5, ge=0)
    gamma: float = Field(default=1.0, ge=0)
    temperature: PositiveFloat = 2.0
    learning_rate: PositiveFloat = 0.005
    epochs: PositiveInt = 10
    forget_epochs: NonNegativeInt = 3


def unlearn(
    problem: Problem,
    config: Config,
    after_epoch: Callable[[Parameters], None] = lambda parameters: None,
) -> Outcome:
    """Alternate the two passes; ``after_epoch`` sees the state after each."""
    retain, forget = (taught(problem, data, config.temperature) for data in _both(problem))
    name = problem.model.config.training.loss
    near = distillation(config.alpha, config.gamma, config.temperature, name)
    far = distillation(-1.0, 0.0, config.temperature, name)

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        if ascends:
            data = minibatch.of(forget, "forget")
            return problem.gradient(parameters, data, far)
        return problem.gradient(parameters, minibatch.of(retain, "retain"), near)

    update = descending(config, gradient)
    parameters, rows = problem.parameters, []
    for epoch in range(config.epochs):
        for ascends in (False, True) if epoch < config.forget_epochs else (False,):
            steps = max(1, len(forget if ascends else retain) // config.batch_size)
            for step in range(epoch * steps, (epoch + 1) * steps):
                minibatch = Minibatch(problem, config.batch_size, step, equal=False)
                parameters = problem.within(update(minibatch, parameters))
        after_epoch(parameters)
        rows.append(problem.measure(parameters, problem.forget))
        problem.report(f"epoch {epoch + 1}/{config.epochs}: forget loss {rows[-1][0]:.4f}")
    history = {
        "epoch": list(range(1, config.epochs + 1)),
        "loss": [loss for loss, _ in rows],
        "accuracy": [accuracy for _, accuracy in rows],
    }
    return Outcome(parameters, f"all of {config.epochs} epochs done", history)


def _both(problem: Problem) -> tuple[Data, Data]:
    return problem.retain, problem.forget


def taught(problem: Problem, data: Data, temperature: float) -> Data:
    """The rows with targets (n, C + 1): the trained model's probabilities at a temperature, and the
    label."""
    logits = problem.logits(problem.parameters, data) / temperature
    tops = np.exp(losses.log_probabilities(logits, np))
    return Data(data.inputs, np.column_stack([tops, data.labels]).astype(problem.model.dtype))


@cache
def distillation(alpha: float, gamma: float, temperature: float, name: str) -> losses.Loss:
    """alpha T^2 KL(teacher || student) + gamma times the training loss ``name``, for the targets of
    `taught`."""
    distance, own = losses.divergence_at(temperature), losses.LOSSES[name]

    def loss(logits: Any, targets: Any, xp: ModuleType) -> Any:
        far = temperature**2 * distance(logits, targets[:, :-1], xp)
        return alpha * far + gamma * own(logits, targets[:, -1].astype(int), xp)

    return loss
