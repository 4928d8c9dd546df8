"""What the measures share: names of figures, and statistics of weighted images.

The models of a comparison answer the same images, so a bootstrap draws images, each with all its
answers: statistics take weights (rows, n) of the images, each row summing to one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .exam import Exam

Statistic = Callable[[np.ndarray], np.ndarray]


def named(exam: Exam, metric: str) -> str:
    """The metric's name; a retrained model against other retrained ones gives the floor."""
    return f"{metric}_floor" if exam.variant == "retrain" else metric


def mean(values: np.ndarray) -> Statistic:
    """The weighted mean of values (n,)."""
    return lambda weights: weights @ values


def quantile(values: np.ndarray, share: float) -> Statistic:
    """The smallest of values (n,) that at least a ``share`` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]

    def statistic(weights: np.ndarray) -> np.ndarray:
        below = np.cumsum(weights[:, order], axis=1)
        places = np.argmax(below >= share - 1e-9, axis=1)
        return ascending[places]

    return statistic


def auc(first: np.ndarray, second: np.ndarray) -> Statistic:
    """P(first > second) + P(equal) / 2 for one model's scores (n,) and those of others (k, n)."""
    wins = np.zeros((len(first), len(first)))
    for scores in second:
        wins += (first[:, None] > scores) + 0.5 * (first[:, None] == scores)
    wins /= len(second)
    return lambda weights: np.sum((weights @ wins) * weights, axis=1)
