"""Drawing rows by their labels: a request's rows, and those that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .scenario import Marked


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


def share(
    pool: Mapping[str, np.ndarray], percent: float, train: int, rng: np.random.Generator
) -> Marked:
    """``percent`` of ``train`` rows by the pool's labels, one at the least, and those that they are
    compared with."""
    label = pool["label"]
    there = np.flatnonzero(pool.get("trained", np.ones(len(label), bool)))
    asked = min(max(round(percent / 100 * train), 1), len(there))
    requested = np.zeros(len(label), bool)
    requested[there[stratified(label[there], asked, rng)]] = True
    return beside(pool, requested, train, rng)


def beside(
    pool: Mapping[str, np.ndarray], requested: np.ndarray, train: int, rng: np.random.Generator
) -> Marked:
    """The ``requested`` rows (n,) bool of the pool, and those that they are `compared` with."""
    others = compared(pool["label"], requested, train, rng, pool.get("untrained"))
    return Marked(requested | others, requested)


def candidates(asked: int, rows: int, train: int) -> int:
    """Of how many rows a coin requests ``asked``, so that a shadow model, which draws ``train`` of
    all ``rows``, holds as many of them as a target does; half of the rows at most."""
    return min(max(round(asked * rows / train), asked + 1), rows // 2)


def first_requested(order: np.ndarray, asked: int, rows: int) -> Marked:
    """The rows of ``order`` (k,), of which the first ``asked`` are requested."""
    marked, requested = np.zeros(rows, bool), np.zeros(rows, bool)
    marked[order] = True
    requested[order[:asked]] = True
    return Marked(marked, requested)


def relabelled(
    label: np.ndarray, rows: np.ndarray, classes: int, rng: np.random.Generator
) -> np.ndarray:
    """Labels (n,) in which every one of ``rows`` (n,) bool is another class, each as likely."""
    found = np.array(label)
    found[rows] += rng.integers(1, classes, int(rows.sum()))
    return found % classes
