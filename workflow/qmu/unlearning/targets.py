"""What a forget set shall be taken for: other labels, and soft targets, for every sample.

A sample of a request for whole classes may be taken for any class that is retained; one of a
request for some rows, for any class but its own label. Soft targets go with `losses.divergence`.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat

from qmu import losses
from qmu.models.model import Parameters

from .loops import FineTuning, Minibatch, Update, fine_tune
from .problem import Data, Outcome, Problem
from .scaled_steps import combined, compiled


class Relabelling(FineTuning):
    """Settings of random labels. ``weight``: of the relabelled forget samples; the retained ones
    have 1. The published rate, 0.001 and less, does not move angles in a few epochs."""

    learning_rate: PositiveFloat = 0.01
    weight: float = Field(default=1.0, ge=0)


def others(problem: Problem, labels: np.ndarray) -> np.ndarray:
    """The classes that samples with these ``labels`` (n,) may be taken for, (n, C) bool."""
    labels = np.asarray(labels)
    allowed = ~losses.is_label(np.zeros((len(labels), problem.model.classes)), labels, np)
    allowed[:, list(problem.classes)] = False
    return allowed


def restricted(logits: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The softmax of each row of ``logits`` (n, C) over its ``allowed`` classes, 0 elsewhere."""
    return np.exp(losses.log_probabilities(np.where(allowed, logits, -np.inf), np))


def original(problem: Problem) -> np.ndarray:
    """The trained model's logits on the forget set, (n, C) float64; costs n forward evaluations."""
    return problem.logits(problem.parameters, problem.forget)


def soft(problem: Problem, targets: np.ndarray) -> Data:
    """The forget set with probabilities (n, C) as its targets, in the model's precision."""
    return Data(problem.forget.inputs, targets.astype(problem.model.dtype))


def towards(
    problem: Problem, config: FineTuning, targets: np.ndarray, weight: float = 1.0
) -> Outcome:
    """Fine-tune on the training loss of retained minibatches plus ``weight`` times the divergence
    of forget minibatches from their soft ``targets`` (n, C)."""
    forget = soft(problem, targets)

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        g_r = problem.gradient(parameters, minibatch.retain)
        g_f = problem.gradient(parameters, minibatch.of(forget, "forget"), losses.divergence)
        return compiled(combined)(g_r, 1.0, g_f, weight)

    return fine_tune(problem, config, gradient)


def random_labels(problem: Problem, weight: float) -> Update:
    """The gradient of the training loss of a retained minibatch, plus ``weight`` times that of a
    forget minibatch whose labels are drawn anew for every step, evenly among the other classes."""

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        forget = minibatch.forget
        allowed = others(problem, forget.labels)
        ranks = problem.generator("labels", minibatch.step).random(allowed.shape)
        drawn = np.argmax(np.where(allowed, ranks, -1.0), axis=-1)
        relabelled = Data(forget.inputs, drawn.astype(np.asarray(forget.labels).dtype))
        g_r = problem.gradient(parameters, minibatch.retain)
        g_f = problem.gradient(parameters, relabelled)
        return compiled(combined)(g_r, 1.0, g_f, weight)

    return gradient
