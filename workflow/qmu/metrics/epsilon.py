"""A lower bound of the privacy parameter epsilon from an attack's error rates.

An (epsilon, delta)-differentially-private training forces TPR <= e^eps FPR + delta and
1 - FPR <= e^eps (1 - TPR) + delta on every attack (Kairouz, Oh and Viswanath 2015,
arXiv:1311.0776); rates with their Clopper-Pearson limits turn an attack into a lower bound
(Nasr et al. 2021, arXiv:2101.04535). The operating point is chosen on one half of the samples and
judged on the other.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from .intervals import clopper_pearson

DELTA = 1e-5


def lower_bound(
    true_positives: int,
    members: int,
    false_positives: int,
    others: int,
    confidence: float = 0.95,
    delta: float = DELTA,
) -> float:
    """The largest epsilon that the counts exclude at this confidence, at least 0."""
    # Each of the two rates errs with half of what the confidence allows.
    sure = 1 - (1 - confidence) / 2
    tpr_low = clopper_pearson(true_positives, members, sure)[0]
    fpr_high = clopper_pearson(false_positives, others, sure)[1]
    return max(0.0, _ratio(tpr_low - delta, fpr_high), _ratio(1 - fpr_high - delta, 1 - tpr_low))


def held_out(
    members: np.ndarray, others: np.ndarray, confidence: float = 0.95, delta: float = DELTA
) -> float:
    """The bound of scores (m,), (n,): threshold and direction from every second score of either
    side, the rates from the rest. Callers order the scores by something that ignores them."""
    train, test = (members[::2], others[::2]), (members[1::2], others[1::2])
    if min(map(len, (*train, *test))) == 0:
        return 0.0
    best, rule = -1.0, (1.0, math.inf)
    for sign in (1.0, -1.0):
        inside, outside = np.sort(sign * train[0]), np.sort(sign * train[1])
        levels = np.unique(np.concatenate([inside, outside]))
        bounds = _bounds(inside, outside, levels, confidence, delta)
        first = int(np.argmax(bounds))
        if bounds[first] > best:
            best, rule = float(bounds[first]), (sign, float(levels[first]))
    sign, level = rule
    counts = _counts(np.sort(sign * test[0]), np.sort(sign * test[1]), level)
    return lower_bound(*counts, confidence, delta)


def _bounds(
    members: np.ndarray, others: np.ndarray, levels: np.ndarray, confidence: float, delta: float
) -> np.ndarray:
    """`lower_bound` of sorted scores at each of ``levels`` (k,) at once."""
    m, n = len(members), len(others)
    true, false = m - np.searchsorted(members, levels), n - np.searchsorted(others, levels)
    tpr_low, fpr_high = _limits(m, confidence)[0][true], _limits(n, confidence)[1][false]
    with np.errstate(divide="ignore"):
        first = np.log(np.maximum(tpr_low - delta, 0.0) / fpr_high)
        second = np.log(np.maximum(1 - fpr_high - delta, 0.0) / (1 - tpr_low))
    return np.maximum(0.0, np.maximum(first, second))


# Attacks on one model are judged on as many images, one after the other.
@lru_cache(maxsize=8)
def _limits(n: int, confidence: float) -> np.ndarray:
    """(2, n + 1): the lower and the upper limit that `lower_bound` takes of 0 to n successes."""
    from scipy import special

    tail, successes = (1 - confidence) / 4, np.arange(n + 1)
    low, high = np.zeros(n + 1), np.ones(n + 1)
    low[1:] = special.betaincinv(successes[1:], n - successes[1:] + 1, tail)
    high[:-1] = special.betaincinv(successes[:-1] + 1, n - successes[:-1], 1 - tail)
    return np.stack([low, high])


def _counts(members: np.ndarray, others: np.ndarray, level: float) -> tuple[int, int, int, int]:
    """Scores at or above ``level`` among sorted members and others, each with its total."""
    above = [len(side) - int(np.searchsorted(side, level)) for side in (members, others)]
    return above[0], len(members), above[1], len(others)


def _ratio(numerator: float, denominator: float) -> float:
    if numerator <= 0:
        return 0.0
    return math.log(numerator / denominator) if denominator > 0 else math.inf
