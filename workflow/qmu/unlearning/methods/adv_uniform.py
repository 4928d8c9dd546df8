"""`adv_uniform`: even answers on adversarial neighbours of the forget samples.

Source: Crivoi and Ionescu 2025 (arXiv:2512.19253 and their public code): x' = clamp(x + epsilon
sign of the gradient of KL(p(x) || uniform) by x), the nearby input on which the model is surest,
found anew at every step; then the retain loss + lambda KL(p(x') || uniform) falls. Their inputs lie
in [0, 1]; here epsilon is a fraction of the range of all inputs, to which x' is clamped. The trap:
no retrained model answers evenly.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from pydantic import Field, PositiveFloat

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined, compiled

CARD = MethodCard(
    title="Even answers on adversarial neighbours",
    source="Crivoi and Ionescu 2025, arXiv:2512.19253",
    reads="both",
    needs=("real_inputs",),
    cost="epochs",
)


class Config(FineTuning):
    """``weight`` is lambda. Published: Adam at 0.001 for 15 epochs; the rate here suits angles."""

    learning_rate: PositiveFloat = 0.01
    epsilon: float = Field(default=0.1, ge=0)
    weight: float = Field(default=1.0, ge=0)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the retain loss and the certainty on adversarial neighbours."""
    parts = (problem.forget.inputs, problem.retain.inputs)
    low, high = min(np.min(x) for x in parts), max(np.max(x) for x in parts)
    length = config.epsilon * (high - low)

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        forget = minibatch.forget
        uphill = np.sign(problem.input_gradient(parameters, forget, certainty))
        inputs = np.clip(forget.inputs + length * uphill, low, high).astype(forget.inputs.dtype)
        g_r = problem.gradient(parameters, minibatch.retain)
        g_f = problem.gradient(parameters, Data(inputs, forget.labels), certainty)
        return compiled(combined)(g_r, 1.0, g_f, config.weight)

    return fine_tune(problem, config, gradient)


def certainty(logits: Any, targets: Any, xp: ModuleType) -> Any:
    """KL(softmax of the logits || uniform) per sample, (n,), in [0, log C]; it reads no targets."""
    log_p = losses.log_probabilities(logits, xp)
    return xp.sum(xp.exp(log_p) * log_p, axis=-1) + np.log(logits.shape[-1])
