"""`class`: every row of one class is to be forgotten.

The setting of Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086): MNIST without one
digit. The only place where a label decides what is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="A whole class",
    statement=(
        "Members are the training rows of the class; they are compared with rows of the same class "
        "that were never trained on."
    ),
    whole_classes=True,
)


class Config(Strict):
    """``label``: the class to forget."""

    label: int = Field(ge=0)


def check(config: Config, data: Description) -> None:
    """The class must exist."""
    if config.label >= data.classes:
        raise ValueError(f"label: {config.label} is no class (classes 0 to {data.classes - 1})")


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """Rows of the class."""
    return Marked(pool["label"] == config.label)


def words(config: Config) -> str:
    """The class."""
    return f"class {config.label}"


def names(config: Config) -> Names:
    """The class."""
    return ("without", config.label)
