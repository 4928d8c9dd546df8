"""Thresholds on a statistic of the model's output: the best one, and one per class.

Source: Song and Mittal 2021, "Systematic evaluation of privacy risks of machine learning models"
(arXiv:2003.10595): classes differ in difficulty, so each has a threshold of its own, at which the
shadow models' members and non-members of the class are told apart best. The score is the statistic
minus its class's threshold: within a class it ranks as the statistic, across classes it compares
with what is usual in each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qmu import losses

from .game import Evidence, Scored
from .statistics import CHUNK

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
Names = tuple[str | int, ...]


def best_threshold(members: np.ndarray, others: np.ndarray) -> float:
    """The threshold t for which "score >= t" has the highest balanced accuracy.

    Halfway between the neighbouring scores, the highest such t where several are equally good.
    """
    values, place = np.unique(np.concatenate([members, others]), return_inverse=True)
    counts = [
        np.bincount(where, minlength=len(values))
        for where in (place[: len(members)], place[len(members) :])
    ]
    at_or_above = [np.cumsum(count[::-1])[::-1] / count.sum() for count in counts]
    advantage = at_or_above[0] - at_or_above[1]
    best = len(values) - 1 - int(np.argmax(advantage[::-1]))
    upper, lower = values[best], values[max(best - 1, 0)]
    middle = lower + (upper - lower) / 2 if np.isfinite(lower) else upper
    return float(middle if middle > lower else upper)


def functions_of(statistic: Statistic) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An attack's ``fit`` and ``score`` by a statistic of (logits, labels) that is high for
    members; neither has settings or draws random numbers."""

    def fit(evidence: Evidence, config: Any, names: Names) -> dict[str, np.ndarray]:
        """``threshold`` (classes,), on the attack's statistic."""
        return _fit(statistic, evidence)

    def score(
        fitted: dict[str, np.ndarray], evidence: Evidence, config: Any, names: Names
    ) -> Scored:
        """The attack's statistic minus the threshold of the label's class."""
        return _score(statistic, fitted, evidence)

    return fit, score


def _fit(statistic: Statistic, evidence: Evidence) -> dict[str, np.ndarray]:
    """``threshold`` (classes,): scores of class k at or above entry k count as members.

    Raises ValueError without shadow models, or where a class lacks members or non-members.
    """
    shadows = evidence.shadows
    if shadows is None:
        raise ValueError("thresholds per class need shadow models")
    values = np.stack([_in_chunks(statistic, logits, shadows.label) for logits in shadows.logits])
    thresholds = []
    for label in range(shadows.logits.shape[-1]):
        here, member = values[:, shadows.label == label], shadows.member[:, shadows.label == label]
        if member.all() or not member.any():
            raise ValueError(f"the shadow models' class {label} needs members and non-members")
        thresholds.append(best_threshold(here[member], here[~member]))
    if not np.all(np.isfinite(thresholds)):
        raise ValueError("the shadow models' statistics are not finite")
    return {"threshold": np.array(thresholds)}


def _score(statistic: Statistic, fitted: dict[str, np.ndarray], evidence: Evidence) -> Scored:
    """The statistic minus its class's threshold; the decision is "not below the threshold"."""
    audited = evidence.audited
    value = _in_chunks(statistic, audited.logits, audited.label)
    value = value - fitted["threshold"][audited.label]
    return Scored(score=value, decision=value >= 0, fitted=np.zeros(len(value), bool))


def log_probabilities(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log p_k and log(1 - p_k) of every class, both (n, classes).

    Each is exact to rounding also where it is close to zero, which a difference of two
    log-sum-exps is not: confident models differ only there.
    """
    with np.errstate(divide="ignore"):
        direct = losses.log_probabilities(logits, np), losses.log_complement(logits, np)
        p, q = (np.exp(values) for values in direct)
        return np.where(q < 0.5, np.log1p(-q), direct[0]), np.where(
            p < 0.5, np.log1p(-p), direct[1]
        )


def times_log(weights: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """The product, zero wherever the weight is zero: x log x tends to 0 with x."""
    return weights * np.where(weights > 0, logs, 0.0)


def _in_chunks(statistic: Statistic, logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The statistic per sample, (n,) float64; `log_probabilities` needs classes^2 numbers each."""
    logits = np.asarray(logits, np.float64)
    if np.any(np.isnan(logits)) or np.any(np.isposinf(logits)):
        raise ValueError("logits must be finite or minus infinity")
    found = np.empty(len(logits))
    for start in range(0, len(logits), CHUNK):
        rows = slice(start, start + CHUNK)
        found[rows] = statistic(logits[rows], labels[rows])
    return found
