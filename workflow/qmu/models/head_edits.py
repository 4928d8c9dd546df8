"""Edits of a dense head that add no knowledge of a class: masks opened, class biases moved."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from qmu import losses

from .heads import BIAS

# Halvings of the bracket of a shift: far below what a bias in double precision can hold.
HALVINGS = 80


def opened(parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Float64 copies whose infinite entries, such as the bias of a masked logit, are the mean of
    their tensor's finite ones (0 where there are none)."""
    found = {name: np.array(value, np.float64) for name, value in parameters.items()}
    for value in found.values():
        finite = np.isfinite(value)
        if not finite.all():
            value[~finite] = value[finite].mean() if finite.any() else 0.0
    return found


def shifted(parameters: Mapping[str, Any], classes: Collection[int], shift: float) -> dict:
    """The parameters with ``shift`` added to the biases of ``classes``; nothing else is copied."""
    bias = np.array(parameters[BIAS])
    bias[list(classes)] += shift
    return {**parameters, BIAS: bias}


def class_margin(logits: np.ndarray, own: np.ndarray, classes: Collection[int]) -> np.ndarray:
    """z_own - log-sum-exp of the logits of all classes but ``classes``, (..., n).

    ``logits`` (..., n, C), ``own`` the classes (n,) or one class: how far a class to forget stands
    above all that is retained, whatever the biases of the other classes to forget.
    """
    rest = np.ones(logits.shape[-1], bool)
    rest[list(classes)] = False
    chosen = np.broadcast_to(own, logits.shape[:-1])
    return losses.of_label(logits, chosen, np) - losses.log_sum_exp(logits[..., rest], np)


def shift_to_loss(
    logits: np.ndarray, labels: np.ndarray, classes: Collection[int], loss: float
) -> float:
    """The shift of the biases of ``classes`` at which the mean cross-entropy is ``loss``.

    ``logits`` (n, C) finite, ``labels`` (n,) all among ``classes``; ``loss`` in nats, positive. The
    mean loss falls in the shift, from infinity to where the classes to forget share the whole
    probability. Raises ValueError where the loss lies below that.
    """

    def excess(shift: float) -> float:
        moved = np.array(logits, np.float64)
        moved[:, list(classes)] += shift
        return float(np.mean(losses.cross_entropy(moved, labels, np))) - loss

    # A sample's loss is at least minus its margin, and the sum of both tends to a constant.
    low = -loss - float(np.mean(class_margin(np.asarray(logits, np.float64), labels, classes)))
    high = low + 1.0
    while excess(high) > 0:
        high = low + 2 * (high - low)
        if high - low > 1e6:
            raise ValueError(f"no shift of the classes {tuple(classes)} gives the loss {loss:g}")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
        if not math.isfinite(middle) or low == high:
            break
    return (low + high) / 2
