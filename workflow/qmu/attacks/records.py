"""Which single records an attack finds: p-values, decisions with few false ones, and stability.

An AUC averages over records and is blind to a few of them. Here each record that was trained on is
set against the non-members of its label: its conformal p-value is the rank of its score among
theirs, uniform or larger where the model treats it like one of them (Bates, Candes, Lei, Romano and
Sesia 2023, arXiv:2104.08279). Of the records of one seed, attack and group (forget set, or the
others) those are found that the procedure of Benjamini and Hochberg (1995) names: of what is found,
at most the share ``level`` is named by chance on average. It holds for conformal p-values, which
share their non-members and rise and fall together (same source).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# Parts of a split whose images no model of the seed was trained or tuned on.
COMPARED = ("test", "unseen")


def records(table: Mapping[str, np.ndarray], level: float = 0.1) -> dict[str, np.ndarray]:
    """One row per attack, seed and member record, in the order of ``table``, rows of the table
    ``scores`` of one variant of one model.

    Columns (rows,): ``attack``, ``seed``, ``sample_id``, ``label``, ``forget``, ``score``,
    ``p_value``, ``found`` bool and its `stability` over the seeds. Members are the original's
    training images; what the attack was fitted on is on neither side. Raises ValueError for a score
    that is NaN.
    """
    if np.isnan(table["score"]).any():
        raise ValueError("a membership score is NaN")
    part = np.array([str(name).rpartition("_")[2] for name in table["split"]])
    free = ~table["fitted"].astype(bool)
    member, other = free & (part == "train"), free & np.isin(part, COMPARED)
    p, found = np.ones(len(part)), np.zeros(len(part), bool)
    seed, attack = _codes(table["seed"]), _codes(table["attack"])
    for run in _equal(seed, attack):
        for rows in _equal(table["label"], within=run):
            inside, outside = rows[member[rows]], rows[other[rows]]
            p[inside] = p_values(table["score"][inside], table["score"][outside])
        judged = run[member[run]]
        for rows in _equal(table["forget"], within=judged):
            found[rows] = benjamini_hochberg(p[rows], level)
    names = ("attack", "seed", "sample_id", "label", "forget", "score")
    columns = {name: table[name][member] for name in names}
    share = stability(columns["attack"], columns["sample_id"], found[member])
    return columns | {"p_value": p[member], "found": found[member], "stability": share}


def p_values(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(1 + the number of ``others`` (m,) at or above a score) / (m + 1) of ``scores`` (n,)."""
    ascending = np.sort(others)
    at_or_above = len(others) - np.searchsorted(ascending, scores, side="left")
    return (1 + at_or_above) / (len(others) + 1)


def benjamini_hochberg(p: np.ndarray, level: float) -> np.ndarray:
    """Which of the p-values (n,) are rejected, bool: the k smallest, for the largest k with
    the k-th smallest at or below k ``level`` / n."""
    ascending = np.sort(p)
    allowed = level * np.arange(1, len(p) + 1) / max(len(p), 1)
    # A p-value of exactly k level / n must not be lost by rounding.
    below = np.flatnonzero(ascending <= allowed * (1 + 1e-12))
    return p <= ascending[below[-1]] if len(below) else np.zeros(len(p), bool)


def stability(attack: np.ndarray, sample_id: np.ndarray, found: np.ndarray) -> np.ndarray:
    """In what share of its rows, one per seed, the attack finds the record; of every row (n,)."""
    if not len(found):
        return np.zeros(0)
    keys = np.column_stack([_codes(attack), sample_id])
    place = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    return (np.bincount(place, weights=found) / np.bincount(place))[place]


def _codes(column: np.ndarray) -> np.ndarray:
    """A whole number for each entry (n,), the same for equal ones."""
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in column.tolist()], int)


def _equal(*columns: np.ndarray, within: np.ndarray | None = None) -> list[np.ndarray]:
    """Rows, ascending, of equal entries in all ``columns`` of numbers; of the rows ``within``
    alone."""
    rows = np.arange(len(columns[0])) if within is None else within
    chosen = [column[rows] for column in columns]
    order = np.lexsort(chosen)
    changes = np.any([np.diff(column[order]) != 0 for column in chosen], axis=0)
    parts = np.split(order, np.flatnonzero(changes) + 1) if len(order) else []
    return [rows[part] for part in parts]
