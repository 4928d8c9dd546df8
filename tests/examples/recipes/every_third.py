"""`every_third`: every third row of one class is to be forgotten.

A recipe of this project.
"""

from collections.abc import Mapping

import numpy as np
from qmu.data.dataset import Description
from qmu.forget.scenario import Marked, ScenarioCard
from qmu.strict import Strict

CARD = ScenarioCard(
    title="A third of a class",
    statement="Members are training rows whose id three divides; the others are not trained on.",
)


class Config(Strict):
    """``label``: the class."""

    label: int


def check(config: Config, data: Description) -> None:
    """The class must exist."""
    if not 0 <= config.label < data.classes:
        raise ValueError(f"label: {config.label} is no class")


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """Rows of the class whose id is divisible by three."""
    return Marked((pool["label"] == config.label) & (pool["sample_id"] % 3 == 0))


def words(config: Config) -> str:
    """In a few words."""
    return f"every third row of class {config.label}"


def names(config: Config) -> tuple[str | int, ...]:
    """What tells the request from others."""
    return ("every_third", config.label)
