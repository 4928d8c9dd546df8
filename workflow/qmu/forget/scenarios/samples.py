"""`samples`: rows by their ids, from a file with one id per row.

An erasure request as it arrives: a CSV or Parquet file with a column ``sample_id`` and, where it
holds several requests, a column ``request``; other columns, such as ``received``, are left alone.
An id is what the data set calls its rows; where it gives them no names, the number of the row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qmu.errors import QmuError
from qmu.forget.draws import beside
from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="Rows by their ids",
    statement=(
        "Members are the requested rows, which every seed trains on; they are compared with rows "
        "of the same labels that no seed ever trains on."
    ),
    named=True,
)

COLUMN, REQUEST = "sample_id", "request"
MOST = 1_000_000


class Config(Strict):
    """``path`` of the file; ``request``: only rows with this value in the column ``request``."""

    path: str
    request: str | None = None


def check(config: Config, data: Description) -> None:
    """The file must hold ids, each once."""
    try:
        _asked(config)
    except QmuError as error:
        raise ValueError(f"path: {error}") from None


def rows(known: Mapping[str, np.ndarray], config: Config) -> np.ndarray:
    """Rows (n,) bool that the file asks for; QmuError names an id that is none."""
    names = (known["id"] if "id" in known else known["sample_id"]).astype(str)
    place, asked = {name: row for row, name in enumerate(names.tolist())}, _asked(config)
    found = np.zeros(len(names), bool)
    for row, name in asked.items():
        if name not in place:
            raise QmuError(f"{config.path}: row {row}, column {COLUMN}: no row has the id {name!r}")
        found[place[name]] = True
    return found


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """The rows of the file, and those that they are compared with."""
    return beside(pool, rows(pool, config), train, rng)


def words(config: Config) -> str:
    """The file, and which request."""
    count, name = len(_asked(config)), Path(config.path).name
    of = f", request {config.request}" if config.request is not None else ""
    return f"the {count} row{'' if count == 1 else 's'} of {name}{of}"


def names(config: Config) -> Names:
    """A digest of the ids: the same request is the same whatever its file is called."""
    text = "\n".join(sorted(_asked(config).values()))
    return ("without rows", hashlib.sha256(text.encode()).hexdigest()[:16])


def _asked(config: Config) -> dict[int, str]:
    """Row of the file, from 1 below the header, -> id as text."""
    import pandas

    path = config.path
    try:
        if path.endswith((".parquet", ".pq")):
            table = pandas.read_parquet(path)
        else:
            table = pandas.read_csv(path, dtype=str, keep_default_na=False, nrows=MOST + 1)
    except FileNotFoundError:
        raise QmuError(f"{path}: no such file") from None
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        reason = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise QmuError(f"{path}: not a readable CSV or Parquet file ({reason})") from None
    for column in (COLUMN, *((REQUEST,) if config.request is not None else ())):
        if column not in table.columns:
            known = ", ".join(map(str, table.columns[:8]))
            raise QmuError(f"{path}: there is no column {column!r} (columns: {known})")
    if len(table) > MOST:
        raise QmuError(f"{path}: holds more than {MOST} rows")
    numbers = np.arange(1, len(table) + 1)
    if config.request is not None:
        chosen = table[REQUEST].astype(str) == config.request
        table, numbers = table[chosen], numbers[chosen]
    if not len(table):
        which = "rows" if config.request is None else f"rows of the request {config.request!r}"
        raise QmuError(f"{path}: holds no {which}")
    if table[COLUMN].dtype.kind == "f":
        raise QmuError(f"{path}: column {COLUMN}: ids must be whole numbers or text")
    found: dict[int, str] = {}
    seen: dict[str, int] = {}
    for row, value in zip(numbers.tolist(), table[COLUMN].tolist(), strict=True):
        name = "" if value is None else str(value).strip()
        if not name:
            raise QmuError(f"{path}: row {row}, column {COLUMN}: is empty")
        if name in seen:
            raise QmuError(
                f"{path}: rows {seen[name]} and {row}, column {COLUMN}: both name {name!r}"
            )
        seen[name], found[row] = row, name
    return found
