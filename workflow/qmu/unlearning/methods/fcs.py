"""`fcs`: forgets by a uniform target, then contrasts with the retained data and strengthens these.

Source: Cadet et al. 2024 ("Deep Unlearn", arXiv:2410.01276), after an entry of the NeurIPS 2023
challenge: one pass of KL to the uniform distribution on the forget set, then 8 rounds of a
contrastive pass, -log softmax of z_f . z_r / 1.15 over a minibatch of retained logits z_r, averaged
over all pairs, and a pass of the training loss on the retained data. Rates 0.005, 0.0003, 0.001.
Every term is bounded below. Each kind of pass has an optimiser of its own.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, Scoped, descending, one_pass
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Forget, contrast, strengthen",
    source="Cadet et al. 2024, arXiv:2410.01276",
    reads="both",
    cost="epochs",
)


class Config(Scoped):
    """The rates of Adam: ``forget_rate`` in the one pass to uniform, ``contrast_rate`` and
    ``retain_rate`` in the ``rounds``. Those of retained data and of the first pass are higher than
    published."""

    forget_rate: PositiveFloat = 0.02
    contrast_rate: PositiveFloat = 3e-4
    retain_rate: PositiveFloat = 0.01
    temperature: PositiveFloat = 1.15
    batch_size: PositiveInt = 32
    rounds: NonNegativeInt = 8


def unlearn(problem: Problem, config: Config) -> Outcome:
    """One pass to uniform, then the rounds."""
    classes = problem.model.classes
    even = np.full((len(problem.forget), classes), 1 / classes, problem.model.dtype)
    uniform, pairs = Data(problem.forget.inputs, even), contrast(config.temperature)

    def to_uniform(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        data = minibatch.of(uniform, "forget")
        return problem.gradient(parameters, data, losses.divergence)

    def apart(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        rows = np.concatenate([minibatch.forget.inputs, minibatch.retain.inputs])
        forgotten = np.arange(len(rows)) < len(minibatch.forget)
        return problem.gradient(parameters, Data(rows, forgotten), pairs)

    def strengthen(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.retain)

    passes = [
        (descending(FineTuning(learning_rate=rate), gradient), data, equal)
        for rate, gradient, data, equal in (
            (config.forget_rate, to_uniform, problem.forget, True),
            (config.contrast_rate, apart, problem.forget, True),
            (config.retain_rate, strengthen, problem.retain, False),
        )
    ]
    first, *both = passes
    parameters, rows = problem.parameters, []
    for number in range(config.rounds + 1):
        for update, data, equal in [first] if number == 0 else both:
            parameters = one_pass(
                problem, config.batch_size, len(data), number, update, parameters, equal=equal
            )
        rows.append(problem.measure(parameters, problem.forget))
        problem.report(f"round {number}/{config.rounds}: forget loss {rows[-1][0]:.4f}")
    history = {
        "epoch": list(range(1, len(rows) + 1)),
        "loss": [loss for loss, _ in rows],
        "accuracy": [accuracy for _, accuracy in rows],
    }
    return Outcome(parameters, f"all of {config.rounds} rounds done", history)


@cache
def contrast(temperature: float) -> losses.Loss:
    """The contrastive term of a minibatch, the same number for each of its rows; the targets say
    which rows are of the forget set."""

    def loss(logits: Any, forgotten: Any, xp: ModuleType) -> Any:
        products = logits @ logits.T / temperature
        others = xp.where(forgotten[None, :], -xp.inf, products)
        entries = products - losses.log_sum_exp(others, xp)[:, None]
        wanted = forgotten[:, None] & ~forgotten[None, :]
        mean = -xp.sum(xp.where(wanted, entries, 0.0)) / xp.maximum(xp.sum(wanted), 1)
        return xp.broadcast_to(mean, forgotten.shape)

    return loss
