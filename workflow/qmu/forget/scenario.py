"""What a forget scenario is, and what follows from its mask.

A scenario marks rows of the pool. Those among a seed's training rows are its forget set; the
others were never trained on and are what the members are compared with. The same mask serves every
seed, the shadow models and the retrained models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from qmu.errors import QmuError

if TYPE_CHECKING:
    from qmu.data.dataset import Description
    from qmu.strict import Strict

Names = tuple[str | int, ...]


@dataclass(frozen=True)
class ScenarioCard:
    """A scenario's title, and one sentence that says who are members and who they are compared
    with. ``whole_classes``: it forgets every row of some classes and no other row."""

    title: str
    statement: str
    whole_classes: bool = False


class ForgetScenario(Protocol):
    """A file of ``qmu/forget/scenarios``."""

    CARD: ScenarioCard
    Config: type[Strict]

    def check(self, config: Any, data: Description) -> None:
        """Raise ValueError, whose text begins with the key at fault, where this data set cannot be
        asked so. Called before any job starts."""

    def mask(
        self, pool: Mapping[str, np.ndarray], config: Any, rng: np.random.Generator
    ) -> np.ndarray:
        """Rows to forget, (n,) bool, of the pool's columns (``sample_id`` (n,), ``label`` (n,) and
        the inputs); ``rng`` draws where the scenario leaves something to chance."""

    def words(self, config: Any) -> str:
        """What is to be forgotten, in a few words that fit into a sentence: "class 4"."""

    def names(self, config: Any) -> Names:
        """What tells the random streams of models trained without these rows from those of another
        request."""


def checked(name: str, mask: np.ndarray, rows: int) -> np.ndarray:
    """The mask, when it is one: (rows,) bool with some rows to forget and some to keep."""
    mask = np.asarray(mask)
    if mask.shape != (rows,) or mask.dtype != bool:
        raise QmuError(
            f"forget: the scenario {name} must give one bool per pool row, ({rows},), and gave "
            f"{mask.dtype} of shape {mask.shape}"
        )
    if not mask.any() or mask.all():
        which = "no row" if not mask.any() else "every row"
        raise QmuError(f"forget: the scenario {name} asks to forget {which} of the pool")
    return mask


def whole_classes(label: np.ndarray, forget: np.ndarray) -> tuple[int, ...]:
    """The classes of which every row is to be forgotten, ascending."""
    return tuple(int(one) for one in np.unique(label[forget]) if forget[label == one].all())
