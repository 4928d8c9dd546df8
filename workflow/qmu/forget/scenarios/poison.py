"""`poison`: training rows with wrong labels, whose removal has a known truth.

Chen and Zhang 2025 (arXiv:2508.02422): labels of a share of the training rows are flipped, as many
of each class, and unlearning has to take the effect back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from qmu.forget.draws import relabelled, share
from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="Poisoned rows",
    statement=(
        "Members are rows with a flipped label, which every seed trains on; they are compared with "
        "rows flipped in the same way that no seed ever trains on. Accuracy on them is the share "
        "of rows answered with the wrong label that was planted."
    ),
    alters=True,
)


class Config(Strict):
    """``percent`` of the training rows whose label is flipped to another class."""

    percent: float = Field(default=30.0, gt=0, le=90)


def check(config: Config, data: Description) -> None:
    """There must be another class."""
    if data.classes < 2:
        raise ValueError("kind: a label can be flipped where there are two classes or more")


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """Rows by their true label, and those that they are compared with."""
    return share(pool, config.percent, train, rng)


def alter(
    pool: Mapping[str, np.ndarray],
    marked: Marked,
    config: Config,
    classes: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Every marked row's label becomes one of the other classes, each as likely."""
    return {"label": relabelled(pool["label"], marked.rows, classes, rng)}


def words(config: Config) -> str:
    """The share."""
    return f"the {config.percent:g}% of the training rows whose labels were flipped"


def names(config: Config) -> Names:
    """The share."""
    return ("without poison", f"{config.percent:g}")
