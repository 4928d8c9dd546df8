"""`worst_case`: the rows that shadow models memorise most.

A row's memorisation is how much more probable its label is to models that were trained on it than
to models that were not (Feldman and Zhang 2020, arXiv:2008.03703). Forgetting these is harder than
forgetting rows drawn at random (Zhao et al. 2024, arXiv:2406.01257). Shadow models alone choose,
and a coin decides which of the chosen rows are trained on, so that members differ from the others
in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from qmu.forget.draws import candidates, first_requested
from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="The rows that are memorised most",
    statement=(
        "Members are requested rows among those that shadow models memorise most, which every seed "
        "trains on; they are compared with rows as memorable that no seed ever trains on, chosen "
        "by a coin."
    ),
    memorised=True,
)


class Config(Strict):
    """``rows`` to forget; ``model``: whose shadow models choose, by default the first."""

    rows: int = Field(default=20, ge=1)
    model: str | None = None


def check(config: Config, data: Description) -> None:
    """There must be more rows than are chosen."""
    if config.rows * 2 > data.rows:
        raise ValueError(f"rows: {config.rows} is more than half of the {data.rows} rows")


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """The rows of highest ``memorisation``, ties by the sample's id."""
    rows = len(pool["label"])
    order = np.lexsort((pool["sample_id"], -pool["memorisation"]))
    order = rng.permutation(order[: candidates(config.rows, rows, train)])
    return first_requested(order, config.rows, rows)


def words(config: Config) -> str:
    """How many."""
    return f"{config.rows} of the rows that are memorised most"


def names(config: Config) -> Names:
    """How many, and by whom they are chosen."""
    return ("without the most memorised", config.rows, config.model or "")
