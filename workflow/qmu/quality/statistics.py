"""What the measures share: names of figures, and statistics of weighted images.

The models of a comparison answer the same images, so a bootstrap draws images, each with all its
answers: statistics take weights (rows, n) of the images, each row summing to one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from qmu.audit.measurement import Measurement

from .exam import Exam, SeedExam

Statistic = Callable[[np.ndarray], np.ndarray]


def named(exam: Exam, metric: str) -> str:
    """The metric's name; a retrained model against other retrained ones gives the floor."""
    return f"{metric}_floor" if exam.variant == "retrain" else metric


def unknown(exam: Exam, one: SeedExam, split: str, *metrics: str) -> list[Measurement]:
    """NaN for what a seed's models do not allow, such as without one to compare with."""
    draw, n = exam.draw(one.seed), len(one.rows(split))
    return [draw.value(named(exam, metric), split, math.nan, n) for metric in metrics]


def of_fleet(summary: Callable[..., Statistic], others: Sequence[np.ndarray]) -> np.ndarray:
    """The ``summary`` of the images' values without each group of models, (groups,), for
    `estimates.bootstrap`; ``others`` are those values, (n,) for each group.

    What models do to one image alone is in the spread of the images already: the jackknife's
    variance counts it again, and counts it high where a value jumps. That part, the sum of the
    images' own jackknife variances over n^2, is taken off by drawing the values together, but never
    more than half of the whole, for it is itself known from few groups (two-way layouts of images
    and models: Owen 2007, Annals of Applied Statistics 1).
    """
    table = np.stack(others)
    whole = np.var(table.mean(axis=1))
    alone = np.sum(np.var(table, axis=0)) / table.shape[1] ** 2
    kept = max(1 - alone / whole, 0.5) if whole else 1.0
    uniform = np.full((1, table.shape[1]), 1 / table.shape[1])
    found = np.array([summary(values)(uniform)[0] for values in table])
    return found.mean() + math.sqrt(kept) * (found - found.mean())


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
