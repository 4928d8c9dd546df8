"""Losses of a softmax classifier from its logits, written once for NumPy and JAX.

``xp`` is the array module. Everything works on logits, so that confident predictions lose no
digits: log(1 - p_k) is the log-sum-exp over the other classes minus that over all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

Array = Any
# ``loss(logits (n, C), targets (n, ...), array module) -> (n,)``.
Loss = Callable[[Array, Array, ModuleType], Array]


def log_sum_exp(values: Array, xp: ModuleType, axis: int = -1) -> Array:
    """log(sum(exp(values))) along an axis; entries of -inf count as zero."""
    top = xp.max(values, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)
    return xp.log(xp.sum(xp.exp(values - top), axis=axis)) + xp.squeeze(top, axis=axis)


def log_probabilities(logits: Array, xp: ModuleType) -> Array:
    """Log-softmax along the last axis, same shape."""
    return logits - log_sum_exp(logits, xp)[..., None]


def log_complement(logits: Array, xp: ModuleType) -> Array:
    """log(1 - p_k) for every class k, same shape as ``logits``."""
    classes = logits.shape[-1]
    others = xp.where(xp.eye(classes, dtype=bool), -xp.inf, logits[..., None, :])
    return log_sum_exp(others, xp) - log_sum_exp(logits, xp)[..., None]


def of_label(values: Array, labels: Array, xp: ModuleType) -> Array:
    """The entry of each row (n, classes) at its label (n,)."""
    return xp.take_along_axis(values, labels[..., None], axis=-1)[..., 0]


def divergence(logits: Array, targets: Array, xp: ModuleType) -> Array:
    """KL(targets || softmax of the logits) per sample, (n,), for targets (n, C) that are
    probabilities; those of 0 add nothing."""
    tops = xp.log(xp.where(targets > 0, targets, 1.0))
    return xp.sum(targets * (tops - log_probabilities(logits, xp)), axis=-1)


@cache
def divergence_at(temperature: float) -> Loss:
    """`divergence` from the softmax of the logits / ``temperature``."""

    def loss(logits: Array, targets: Array, xp: ModuleType) -> Array:
        return divergence(logits / temperature, targets, xp)

    return loss


def is_label(values: Array, labels: Array, xp: ModuleType) -> Array:
    """Where the entries of each row (..., classes) belong to its label (...), bool."""
    classes = xp.arange(values.shape[-1]).reshape((1,) * labels.ndim + (-1,))
    return classes == labels[..., None]


def cross_entropy(logits: Array, labels: Array, xp: ModuleType) -> Array:
    """-log p_y per sample, (n,)."""
    return -of_label(log_probabilities(logits, xp), labels, xp)


def bce_sum(logits: Array, labels: Array, xp: ModuleType) -> Array:
    """Sum over classes of the binary cross-entropies of the softmax outputs, (n,).

    The loss of the released basic QNN (Su et al. 2025, arXiv:2509.06086):
    -log p_y - sum over k != y of log(1 - p_k).
    """
    complement = log_complement(logits, xp)
    wrong = ~is_label(logits, labels, xp)
    return cross_entropy(logits, labels, xp) - xp.sum(xp.where(wrong, complement, 0.0), axis=-1)


LOSSES = {"ce": cross_entropy, "bce_sum": bce_sum}


def logit_scaled_confidence(logits: Array, labels: Array, xp: ModuleType) -> Array:
    """phi = z_y - log-sum-exp of the other logits = log(p_y / (1 - p_y)).

    Carlini et al. 2022 (arXiv:2112.03570). ``logits`` (..., n, classes), ``labels`` (n,) int;
    (..., n). Infinite where the label has probability 0 or 1.
    """
    labels = xp.broadcast_to(labels, logits.shape[:-1])
    own = is_label(logits, labels, xp)
    return of_label(logits, labels, xp) - log_sum_exp(xp.where(own, -xp.inf, logits), xp)
