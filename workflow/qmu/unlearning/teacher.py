"""A student that is taught to leave its teacher, the trained model, on the forget set only.

The passes of SCRUB (Kurmanji, Triantafillou, Hayes and Triantafillou 2023, arXiv:2302.09880), which
`scrub` and `scrub_r` run.
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

from .loops import FineTuning, Minibatch, descending, one_pass
from .problem import Data, Outcome, Problem


class Teaching(FineTuning):
    """``alpha`` weighs the distance to the teacher, ``gamma`` the training loss; the first
    ``forget_epochs`` also ascend on the forget set: fewer than ``epochs``, so that descent repairs
    what these did."""

    alpha: float = Field(default=0.5, ge=0)
    gamma: float = Field(default=1.0, ge=0)
    temperature: PositiveFloat = 2.0
    learning_rate: PositiveFloat = 0.005
    epochs: PositiveInt = 10
    forget_epochs: NonNegativeInt = 3


def scrubbed(
    problem: Problem,
    config: Teaching,
    after_epoch: Callable[[Parameters], None] = lambda parameters: None,
) -> Outcome:
    """Alternate the two passes; ``after_epoch`` sees the state after each."""
    retain, forget = (
        taught(problem, data, config.temperature) for data in (problem.retain, problem.forget)
    )
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
            count = len(forget if ascends else retain)
            parameters = one_pass(problem, config.batch_size, count, epoch, update, parameters)
        after_epoch(parameters)
        rows.append(problem.measure(parameters, problem.forget))
        problem.report(f"epoch {epoch + 1}/{config.epochs}: forget loss {rows[-1][0]:.4f}")
    history = {
        "epoch": list(range(1, config.epochs + 1)),
        "loss": [loss for loss, _ in rows],
        "accuracy": [accuracy for _, accuracy in rows],
    }
    return Outcome(parameters, f"all of {config.epochs} epochs done", history)


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
