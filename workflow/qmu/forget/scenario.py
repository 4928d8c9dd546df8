"""What a forget scenario is, and what follows from what it marks.

A scenario marks rows of the pool. Those that a model was trained on are its forget set; those that
it was not are what the members are compared with. The same marks serve every seed, the shadow
models and the retrained models. Where single rows are asked for, these are among the training rows
of every seed, and the other marked rows are among those of none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from qmu import registry, seeds
from qmu.errors import QmuError

if TYPE_CHECKING:
    from qmu.data.dataset import Description
    from qmu.strict import Strict

Names = tuple[str | int, ...]


@dataclass(frozen=True)
class ScenarioCard:
    """A scenario's title, and one sentence that says who are members and who they are compared
    with.

    ``whole_classes``: it forgets every row of some classes and no other row. ``named``: it names
    rows of the data set and has a function ``rows(known, config)`` that finds them, (n,) bool, by
    the columns ``sample_id``, ``id`` and ``group/...`` (n,) of all rows; QmuError for a name that
    none has. ``memorised``: it
    reads how far shadow models memorise each row. ``alters``: it has a function ``alter`` that
    changes marked rows of the pool: of the inputs, those of the kinds ``inputs``, so that a model
    that reads others cannot be asked.
    """

    title: str
    statement: str
    whole_classes: bool = False
    named: bool = False
    memorised: bool = False
    alters: bool = False
    inputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Marked:
    """``rows`` (n,) bool: those to be forgotten where a model holds them. ``requested`` (n,) bool:
    those of them that every seed trains on, while it never does on the others; None where each
    seed's own draw decides."""

    rows: np.ndarray
    requested: np.ndarray | None = None


class ForgetScenario(Protocol):
    """A file of ``qmu/forget/scenarios``."""

    CARD: ScenarioCard
    Config: type[Strict]

    def check(self, config: Any, data: Description) -> None:
        """Raise ValueError, whose text begins with the key at fault, where this data set cannot be
        asked so. Called before any job starts."""

    def mark(
        self, pool: Mapping[str, np.ndarray], config: Any, train: int, rng: np.random.Generator
    ) -> Marked:
        """Rows to forget, of the pool's columns (``sample_id`` (n,), ``label`` (n,), the inputs,
        and ``memorisation`` (n,) where the card says so), when ``train`` rows are trained on;
        ``rng`` draws where the scenario leaves something to chance. Where rows are altered it
        reads the columns as they were before, and no inputs. Where the split is drawn before the
        request, as in a sequence of requests, the columns ``trained`` and ``untrained`` (n,) bool
        say which rows may be requested, and which they may be compared with."""

    def words(self, config: Any) -> str:
        """What is to be forgotten, in a few words that fit into a sentence: "class 4"."""

    def names(self, config: Any) -> Names:
        """What tells the random streams of models trained without these rows from those of another
        request."""


def mark(
    name: str,
    settings: Mapping[str, Any],
    pool: Mapping[str, np.ndarray],
    train: int,
    root_seed: int,
) -> Marked:
    """What the scenario ``name`` marks of the pool's rows, as they were before it altered any.

    The same for whoever asks: all that is random derives from the root seed and the request.
    """
    scenario = registry.load("forget", name)
    config = scenario.Config(**settings)
    rng = seeds.generator(root_seed, "forget", name, *scenario.names(config))
    return checked(name, scenario.mark(pool, config, train, rng), len(pool["label"]))


def checked(name: str, marked: Marked, rows: int) -> Marked:
    """What was marked, when it fits: (rows,) bool each, some rows to forget and some to keep, and
    of requested ones some that are and some that are not, all of them marked."""
    for mask in (marked.rows, marked.requested):
        if mask is not None and (np.shape(mask) != (rows,) or np.asarray(mask).dtype != bool):
            raise QmuError(
                f"forget: the scenario {name} must give one bool per pool row, ({rows},), and gave "
                f"{np.asarray(mask).dtype} of shape {np.shape(mask)}"
            )
    mask, requested = marked.rows, marked.requested
    if not mask.any() or mask.all():
        which = "no row" if not mask.any() else "every row"
        raise QmuError(f"forget: the scenario {name} asks to forget {which} of the pool")
    if requested is not None and ((requested & ~mask).any() or not requested.any()):
        raise QmuError(f"forget: the scenario {name} requests rows that it does not mark, or none")
    if requested is not None and np.array_equal(requested, mask):
        raise QmuError(
            f"forget: the scenario {name} leaves no row that is never trained on, to compare the "
            "requested ones with"
        )
    return marked


def following(before: np.ndarray, marked: Marked, trained: np.ndarray) -> np.ndarray:
    """Rows (n,) bool to forget after a further request: those ``before``, those that it marks.

    QmuError where it asks for no row that is ``trained`` on and that no request before it named.
    """
    asked = marked.rows if marked.requested is None else marked.requested
    if not np.any(asked & trained & ~before):
        raise QmuError("the request asks for no row that is trained on and not yet to be forgotten")
    return before | marked.rows


def whole_classes(
    label: np.ndarray, forget: np.ndarray, present: np.ndarray | None = None
) -> tuple[int, ...]:
    """The classes of which every row is to be forgotten, ascending; where rows are ``present``
    (n,) bool, the classes of these alone: the other rows are gone by earlier requests."""
    asked = np.unique(label[forget if present is None else present])
    return tuple(int(one) for one in asked if forget[label == one].all())
