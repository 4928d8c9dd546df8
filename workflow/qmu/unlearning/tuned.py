"""The best of a method's trials, and how much better it is than the configured settings.

A setting is admitted where it costs no more accuracy on held-out retained rows than is allowed, on
average over the shadow models; of those admitted the lowest mean score is the best, of none the one
that costs least. What it gains is told by models that had no part in the choice: each model's gain
is that of the setting that the others choose (leave-one-out). With few models the interval is wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.metrics.intervals import student


@dataclass(frozen=True)
class Best:
    """``trial``: the chosen one, 0 for the configured settings; ``admitted``: whether it costs no
    more accuracy than is allowed; mean scores in nats of the ``configured`` settings and of the
    ``best``; ``gain``: mean reduction of the score over models that did not choose, with limits
    ``low`` and ``high``."""

    trial: int
    admitted: bool
    configured: float
    best: float
    gain: float
    low: float
    high: float


def best(score: np.ndarray, drop: np.ndarray, allowed: float, confidence: float) -> Best:
    """The best of T trials on K >= 2 models: ``score`` and ``drop`` (T, K), trial 0 the configured
    settings. Ties are the earlier trial's. Raises ValueError for one model."""
    models = score.shape[1]
    if models < 2:
        raise ValueError("the gain is told by models that did not choose: two are needed")
    others = ~np.eye(models, dtype=bool)
    held = [choice(score[:, o], drop[:, o], allowed) for o in others]
    gains = score[0] - score[held, np.arange(models)]
    chosen = choice(score, drop, allowed)
    low, high = student(gains, confidence)
    return Best(
        trial=chosen,
        admitted=bool(drop[chosen].mean() <= allowed),
        configured=float(score[0].mean()),
        best=float(score[chosen].mean()),
        gain=float(gains.mean()),
        low=low,
        high=high,
    )


def choice(score: np.ndarray, drop: np.ndarray, allowed: float) -> int:
    """The chosen one of T trials, by ``score`` and ``drop`` (T, K)."""
    lost = drop.mean(axis=1)
    admitted = lost <= allowed
    if not admitted.any():
        return int(np.argmin(lost))
    return int(np.argmin(np.where(admitted, score.mean(axis=1), np.inf)))
