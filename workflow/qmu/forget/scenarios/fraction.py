"""`fraction`: a share of the training rows, drawn from every class in its proportion.

The random subset of the unlearning literature (2% in Crivoi and Ionescu 2025, arXiv:2512.19253):
unlike a class, it says nothing about the labels, so only memory of single rows can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from qmu.forget.draws import share
from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="A share of the training rows",
    statement=(
        "Members are the requested rows, which every seed trains on; they are compared with rows "
        "of the same labels that no seed ever trains on."
    ),
)


class Config(Strict):
    """``percent`` of the training rows."""

    percent: float = Field(default=2.0, gt=0, le=50)


def check(config: Config, data: Description) -> None:
    """Any data set has rows."""


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """Rows by label, at least one, and those that they are compared with."""
    return share(pool, config.percent, train, rng)


def words(config: Config) -> str:
    """The share."""
    return f"{config.percent:g}% of the training rows"


def names(config: Config) -> Names:
    """The share."""
    return ("without a fraction", f"{config.percent:g}")
