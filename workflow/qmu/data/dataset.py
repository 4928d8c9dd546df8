"""What a data set is: its contract, what it says of itself, and what it hands over.

A data set is one file in ``qmu/data/sets``. It is asked twice: `describe` before any job starts,
for the checks of the configuration; `load` in the one job that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    ``split``: whether it comes with a training and a test part of its own. ``labels``: what the
    source calls each class, where it does. ``ids``: whether rows have ids of the source's own.
    ``groups``: names of the columns that say whom a row belongs to. ``columns``: names of a table's
    features, where its file decides over them. ``content``: digest of a file
    that a user may edit, so that an edit runs the job again that reads it.
    """

    classes: int
    rows: int
    kind: Kind
    shape: tuple[int, ...]
    split: bool = False
    labels: tuple[str, ...] = ()
    ids: bool = False
    groups: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    content: str = ""

    @property
    def width(self) -> int:
        """Numbers per row."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Dataset:
    """``inputs`` (n, width): uint8 pixels, float64 features or complex128 amplitudes; ``labels``
    (n,) int64; ``training`` (n,) bool: rows of the set's own training part (all where it has no
    parts). ``ids`` (n,) of texts or integers: the source's own name of each row, None where it has
    none. ``groups``: column name -> (n,) texts or integers, whom each row belongs to."""

    inputs: np.ndarray
    labels: np.ndarray
    training: np.ndarray
    ids: np.ndarray | None = None
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, np.ndarray]:
        """All columns by which a request can find rows: their numbers, and `names`."""
        return {"sample_id": np.arange(len(self.labels)), **self.names}

    @property
    def names(self) -> dict[str, np.ndarray]:
        """What a request calls the rows, (n,) text per column: an id is a name and no number."""
        columns = {} if self.ids is None else {"id": self.ids}
        columns |= {f"group/{name}": values for name, values in self.groups.items()}
        return {
            name: np.array([str(value) for value in values.tolist()], dtype=object)
            for name, values in columns.items()
        }


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
    _check_names(name, promised, loaded)
    return loaded


def _check_names(name: str, promised: Description, loaded: Dataset) -> None:
    """The promised ids and groups: one per row, no id twice."""
    found = (loaded.ids is not None, tuple(loaded.groups))
    if found != (promised.ids, promised.groups):
        raise QmuError(
            f"dataset: {name} promises ids: {promised.ids} and groups {list(promised.groups)}, "
            f"loaded {found[0]} and {list(found[1])}"
        )
    columns = {} if loaded.ids is None else {"id": loaded.ids}
    for column, values in {**columns, **loaded.groups}.items():
        if len(values) != len(loaded.labels):
            raise QmuError(f"dataset: {name}: {column} names {len(values)} of the rows")
    twice = None if loaded.ids is None else first_repeated(loaded.ids)
    if twice is not None:
        raise QmuError(
            f"dataset: {name}: rows {twice[0]} and {twice[1]} both have the id "
            f"{str(loaded.ids[twice[0]])!r}"  # type: ignore[index]
        )


def first_repeated(values: np.ndarray) -> tuple[int, int] | None:
    """Rows of the first value of (n,) that stands there twice; None where all differ."""
    seen: dict[object, int] = {}
    for row, value in enumerate(values.tolist()):
        if value in seen:
            return seen[value], row
        seen[value] = row
    return None
