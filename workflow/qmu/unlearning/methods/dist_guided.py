"""`dist_guided`: towards a chosen distribution of answers, while anchors keep theirs.

Source: Malik et al. 2026 (arXiv:2601.04413): a tunable target from what the model finds similar,
and a constraint on retained points. RECONSTRUCTED, the equations were not found. For the rows of
one label, s is the mean answer of the trained model among the other classes, tempered by tau; the
target is q = (1 - rho) [(1 - u) s + u uniform] + rho (their own label). The mean KL(q || p) of the
forget set falls, subject to a mean KL(p_0 || p) of at most kappa on the anchors: the retained rows
of lowest entropy, equally many per class. The trap: all rows of a label share one target, which no
retrained model does.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveFloat

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined, compiled
from qmu.unlearning.targets import original, others, restricted, soft

CARD = MethodCard(
    title="Guided distribution with anchors",
    source="Malik et al. 2026, arXiv:2601.04413 (equations reconstructed)",
    reads="both",
    cost="epochs",
    reconstructed=True,
)


class Config(FineTuning):
    """``suppressed`` is rho, the probability that the own label keeps; ``uniform`` is u;
    ``temperature`` is tau; ``anchors`` of retained data may diverge by ``tolerance``, kappa, on
    average, which a multiplier enforces that rises by ``multiplier_rate`` times the violation."""

    learning_rate: PositiveFloat = 0.01
    suppressed: float = Field(default=0.0, ge=0, le=1)
    uniform: float = Field(default=0.2, ge=0, le=1)
    temperature: PositiveFloat = 1.0
    anchors: NonNegativeInt = 32
    tolerance: float = Field(default=0.01, ge=0)
    multiplier_rate: PositiveFloat = 0.5


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the divergence from the target, and that of the anchors by a multiplier."""
    forget = soft(problem, guided(problem, config))
    anchors = anchored(problem, config.anchors) if config.anchors else None
    multiplier = 0.0

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        nonlocal multiplier
        g_f = problem.gradient(parameters, minibatch.of(forget, "forget"), losses.divergence)
        if anchors is None:
            return g_f
        apart = losses.divergence(problem.logits(parameters, anchors), anchors.labels, np).mean()
        violation = float(apart) - config.tolerance
        multiplier = max(0.0, multiplier + config.multiplier_rate * violation)
        if multiplier == 0:
            return g_f
        g_a = problem.gradient(parameters, anchors, losses.divergence)
        return compiled(combined)(g_f, 1.0, g_a, multiplier)

    return fine_tune(problem, config, gradient)


def guided(problem: Problem, config: Config) -> np.ndarray:
    """The target of every forget sample, (n, C): one for each label."""
    labels = np.asarray(problem.forget.labels)
    allowed = others(problem, labels)
    answers = restricted(original(problem), np.ones_like(allowed))
    own = losses.is_label(answers, labels, np)
    similar = np.empty_like(answers)
    for label in np.unique(labels):
        rows = labels == label
        with np.errstate(divide="ignore"):
            logits = np.log(answers[rows].mean(axis=0, keepdims=True)) / config.temperature
        similar[rows] = restricted(logits, allowed[rows])
    even = allowed / allowed.sum(axis=1, keepdims=True)
    mixed = (1 - config.uniform) * similar + config.uniform * even
    return (1 - config.suppressed) * mixed + config.suppressed * own


def anchored(problem: Problem, count: int) -> Data:
    """The ``count`` retained rows of lowest entropy, balanced between the classes, with the trained
    model's probabilities as their targets."""
    log_p = losses.log_probabilities(problem.logits(problem.parameters, problem.retain), np)
    entropy = -np.sum(np.exp(log_p) * log_p, axis=1)
    labels, ranks = np.asarray(problem.retain.labels), np.empty(len(log_p), int)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        ranks[rows[np.argsort(entropy[rows], kind="stable")]] = np.arange(len(rows))
    chosen = np.lexsort((entropy, ranks))[:count]
    targets = np.exp(log_p[chosen]).astype(problem.model.dtype)
    return Data(problem.retain.inputs[chosen], targets)
