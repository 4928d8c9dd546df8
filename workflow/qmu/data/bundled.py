"""The tables that scikit-learn ships: no network, no file of the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dataset import Dataset


def rows_of(found: Any) -> Dataset:
    """What a loader of scikit-learn returns (``data`` (n, width), ``target`` (n,)), as a data set;
    every row counts as a training row."""
    labels = np.asarray(found.target, np.int64)
    return Dataset(np.asarray(found.data, np.float64), labels, np.ones(len(labels), bool))
