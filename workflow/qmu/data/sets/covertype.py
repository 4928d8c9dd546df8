"""`covertype`: 581,012 patches of forest, 54 cartographic columns, seven kinds of trees.

Source: Blackard and Dean 1999, "Comparative accuracies of artificial neural networks and
discriminant analysis in predicting forest cover types from cartographic variables", Computers and
Electronics in Agriculture 24; UCI Machine Learning Repository, "Covertype".
"""

from __future__ import annotations

import gzip
import zlib

import numpy as np

from qmu.data.dataset import Dataset, Description
from qmu.errors import QmuError
from qmu.strict import Strict

SIZE, WIDTH, CLASSES = 581_012, 54, 7
LABELS = (
    *("Spruce/Fir", "Lodgepole Pine", "Ponderosa Pine", "Cottonwood/Willow"),
    *("Aspen", "Douglas-fir", "Krummholz"),
)


class Config(Strict):
    """``path``: the repository's file covtype.data, plain or .gz; without it scikit-learn fetches
    the table."""

    path: str | None = None


def describe(config: Config) -> Description:
    """Seven kinds of trees."""
    return Description(CLASSES, SIZE, "features", (WIDTH,), labels=LABELS)


def load(config: Config) -> Dataset:
    """All rows in the file's order, kinds of trees numbered from 0; QmuError names file and row."""
    table = _fetched() if config.path is None else _read(config.path)
    inputs, labels = table[:, :WIDTH].astype(np.float64), table[:, WIDTH].astype(np.int64) - 1
    return Dataset(inputs, labels, np.ones(len(labels), bool))


def _fetched() -> np.ndarray:
    from sklearn.datasets import fetch_covtype

    try:
        found = fetch_covtype()
    except Exception as error:  # whatever the network or the server does, the user reads one line
        raise QmuError(
            f"dataset: covertype could not be fetched ({type(error).__name__}); give dataset.path, "
            "the file covtype.data"
        ) from None
    return np.column_stack([found.data, found.target])


def _read(path: str) -> np.ndarray:
    try:
        with open(path, "rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            with gzip.open(stream) if packed else stream as plain:
                table = np.loadtxt(plain, np.int32, delimiter=",", max_rows=SIZE + 1, ndmin=2)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise QmuError(f"dataset.path: {path}: not the file covtype.data ({error})") from None
    if table.shape != (SIZE, WIDTH + 1):
        raise QmuError(
            f"dataset.path: {path}: a table of shape {table.shape}, covtype.data has "
            f"{(SIZE, WIDTH + 1)}"
        )
    return table
