"""What a data set is: its contract, what it says of itself, and what it hands over.

A data set is one file in ``qmu/data/sets``. It is asked twice: `describe` before any job starts,
for the checks of the configuration; `load` in the one job that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from qmu.errors import QmuError

if TYPE_CHECKING:
    from qmu.strict import Strict

# ``image``: pixels 0 to 255, which are projected on principal components as well. ``features``:
# real numbers. ``states``: complex amplitudes, fed to a circuit as they are.
Kind = Literal["image", "features", "states"]
IMAGE_SHAPE = (28, 28)


@dataclass(frozen=True)
class Description:
    """What is known of a data set before it is loaded.

    ``classes``: labels are 0 to classes - 1. ``rows``: how many. ``shape`` of one row's inputs.
    ``split``: whether it comes with a training and a test part of its own.
    """

    classes: int
    rows: int
    kind: Kind
    shape: tuple[int, ...]
    split: bool = False

    @property
    def width(self) -> int:
        """Numbers per row."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Dataset:
    """``inputs`` (n, width): uint8 pixels, float64 features or complex128 amplitudes; ``labels``
    (n,) int64; ``training`` (n,) bool: rows of the set's own training part (all where it has no
    parts)."""

    inputs: np.ndarray
    labels: np.ndarray
    training: np.ndarray


class DataSet(Protocol):
    """A file of ``qmu/data/sets``; its docstring names the source."""

    Config: type[Strict]

    def describe(self, config: Any) -> Description:
        """What the data set holds, without loading it where that is possible.

        Raises ConfigError or QmuError, naming key, file or column, where it cannot be had.
        """

    def load(self, config: Any) -> Dataset:
        """All rows in a fixed order.

        Raises QmuError that names file, column or row for anything that a model must not see: a
        value that is no number, a label outside 0 to classes - 1, a row without amplitudes.
        """


def checked(name: str, promised: Description, loaded: Dataset) -> Dataset:
    """The data set, when it is what `describe` promised; every check of the configuration counted
    on that. Raises QmuError."""
    rows = len(loaded.labels)
    if rows != promised.rows:
        raise QmuError(f"dataset: {name} has {promised.rows} rows, loaded {rows}")
    if loaded.inputs.shape != (rows, promised.width):
        raise QmuError(
            f"dataset: {name} promises rows of {promised.width} numbers, loaded an array of shape "
            f"{loaded.inputs.shape}"
        )
    outside = (loaded.labels < 0) | (loaded.labels >= promised.classes)
    if outside.any():
        row = int(np.argmax(outside))
        raise QmuError(
            f"dataset: {name}: row {row} has label {loaded.labels[row]}, outside 0 to "
            f"{promised.classes - 1}"
        )
    finite = np.isfinite(loaded.inputs).all(axis=1)
    if not finite.all():
        raise QmuError(f"dataset: {name}: row {int(np.argmin(finite))} holds no finite number")
    return loaded
