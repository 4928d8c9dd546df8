"""`group`: every row of a person, a client or a site.

Whose a row is stands in a column of the data set. Rows of one person resemble one another, so what
the members are compared with are all rows of other persons, of whom no seed ever trains on any; a
difference between persons is no membership, and is told from it by the retrained models alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from qmu.errors import QmuError, suggestion
from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="Every row of a group",
    statement=(
        "Members are all rows of the requested groups, which every seed trains on; they are "
        "compared with all rows of other groups, of which no seed ever trains on any. Groups "
        "differ, so the retrained models say what an attack reads without membership."
    ),
    named=True,
)


class Config(Strict):
    """``column`` of the data set, and the ``values`` in it whose rows are to be forgotten."""

    column: str
    values: list[str | int] = Field(min_length=1)


def check(config: Config, data: Description) -> None:
    """The data set must have the column."""
    if config.column not in data.groups:
        known = f" (it has {', '.join(data.groups)})" if data.groups else ""
        hint = suggestion(config.column, data.groups)
        raise ValueError(
            f"column: the data set has no group column {config.column!r}{known}.{hint}"
        )


def rows(known: Mapping[str, np.ndarray], config: Config) -> np.ndarray:
    """Rows (n,) bool of the groups; QmuError for a value that no row has."""
    column = known[f"group/{config.column}"].astype(str)
    for value in config.values:
        if not np.any(column == str(value)):
            raise QmuError(f"values: no row has {value!r} in the column {config.column!r}")
    return np.isin(column, [str(value) for value in config.values])


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """The groups, and others drawn whole: n / train - 1 rows for each requested one, so that a
    shadow model holds as many marked rows as a target, but no more than half of what is left."""
    column, requested = pool[f"group/{config.column}"].astype(str), rows(pool, config)
    allowed = pool.get("untrained", ~requested)
    others = np.setdiff1d(column[~requested & allowed], column[~requested & ~allowed])
    if len(others) < 2:
        raise QmuError(
            f"the request leaves {len(others)} other groups in {config.column!r}; one to train on "
            "and one to compare with are needed"
        )
    wanted = requested.sum() * (len(column) / train - 1)
    most, held_out = (~requested).sum() / 2, np.zeros(len(column), bool)
    for number, value in enumerate(rng.permutation(others)[:-1]):
        own = column == value
        if number and (held_out.sum() >= wanted or held_out.sum() + own.sum() > most):
            break
        held_out |= own
    return Marked(requested | held_out, requested)


def words(config: Config) -> str:
    """Whose rows."""
    return f"all rows with {config.column} {', '.join(map(str, config.values))}"


def names(config: Config) -> Names:
    """Column and values."""
    return ("without a group", config.column, *sorted(map(str, config.values)))
