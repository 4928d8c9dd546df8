"""`qmul_crivoi`: Q-MUL as Crivoi and Ionescu released it, for reproduction only; `qmul` is the one.

Source: the code of Crivoi and Ionescu 2025 (arXiv:2512.19253). Every class is taken for the one
whose mean logits over the retained data have the largest cosine with its own. A class of which
nothing is retained has a mean of zero, all cosines are 0, and the first other class wins. The term
of these labels is SUBTRACTED, L_r - (|g_r| / |g_f|) L_f: forget samples are pushed away from the
similar label, where Q-MUL leads them to it. The epoch is chosen as in `crivoi`.
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveInt

from qmu import losses
from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning.crivoi import Released, best_epoch
from qmu.unlearning.loops import Minibatch
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import TINY, combined, compiled

CARD = MethodCard(
    title="Q-MUL of Crivoi and Ionescu, as released",
    source="code of Crivoi and Ionescu 2025, arXiv:2512.19253",
    reads="both",
    validation=True,
    cost="epochs",
    undirected=True,
    released=True,
)


class Config(Released):
    """The released settings."""

    epochs: PositiveInt = 20


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the retain loss minus that of similar labels, by gradients of equal length."""
    labels = np.asarray(problem.forget.labels)
    forget = Data(problem.forget.inputs, similar(problem)[labels].astype(labels.dtype))

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        g_r = problem.gradient(parameters, minibatch.retain, losses.cross_entropy)
        similar_labels = minibatch.of(forget, "forget")
        g_f = problem.gradient(parameters, similar_labels, losses.cross_entropy)
        return compiled(opposed)(g_r, g_f)

    rows = min(len(problem.retain), len(problem.forget))
    return best_epoch(problem, config, gradient, rows)


def similar(problem: Problem) -> np.ndarray:
    """The class that each is taken for, (C,) int."""
    logits = problem.logits(problem.parameters, problem.retain)
    labels, classes = np.asarray(problem.retain.labels), problem.model.classes
    means = np.zeros((classes, classes))
    for label in np.unique(labels):
        means[label] = logits[labels == label].mean(axis=0)
    unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), TINY)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argmax(cosines, axis=1)


def opposed(g_r: Parameters, g_f: Parameters) -> Parameters:
    """g_r - (|g_r| / |g_f|) g_f with norms over all parameters together."""
    n_r, n_f = (jnp.sqrt(sum(jnp.sum(g * g) for g in each.values())) for each in (g_r, g_f))
    return combined(g_r, 1.0, g_f, -n_r / jnp.maximum(n_f, TINY))
