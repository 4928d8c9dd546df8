"""Drawing rows by their labels: a request's rows, and those that they are compared with."""

from __future__ import annotations

import numpy as np


def stratified(label: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` positions of ``label`` (n,), ascending, every class in its proportion.

    Largest remainders get the rows that rounding leaves, ties by the smaller class.
    """
    classes, sizes = np.unique(label, return_counts=True)
    counts, rest = np.divmod(count * sizes, len(label))
    counts[np.argsort(-rest, kind="stable")[: count - counts.sum()]] += 1
    drawn = [
        rng.permutation(np.flatnonzero(label == one))[:number]
        for one, number in zip(classes, counts, strict=True)
    ]
    return np.sort(np.concatenate(drawn))


def compared(
    label: np.ndarray,
    requested: np.ndarray,
    train: int,
    rng: np.random.Generator,
    allowed: np.ndarray | None = None,
) -> np.ndarray:
    """Rows (n,) bool with the labels of the ``requested`` ones (n,) bool, to be never trained on.

    n / train - 1 for each requested row: a shadow model, which draws ``train`` of all n rows, then
    holds as many marked rows as a target does. No more than half of what a class has left, and of
    ``allowed`` (n,) bool.
    """
    found = np.zeros(len(label), bool)
    free = ~requested if allowed is None else ~requested & allowed
    for one in np.unique(label[requested]):
        there = np.flatnonzero(free & (label == one))
        asked = round(np.sum(requested & (label == one)) * (len(label) / train - 1))
        found[rng.permutation(there)[: min(max(asked, 1), len(there) // 2)]] = True
    return found
