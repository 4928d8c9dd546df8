"""Methods along their paths: leakage, distance to retraining and retained accuracy against how far
the forget set was forgotten, beside what retrained models show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmu.audit.verdicts.case import FLOOR, Case, Key, Row, read
from qmu.audit.verdicts.judges import panels, positive_control
from qmu.audit.verdicts.questions import FORGET, Settings, attacks, settings
from qmu.variants import RETRAIN, group

from qmu.variants import BASELINES

from .summary import Cell, stands_alone

LOSS: Key = (None, "cross_entropy", FORGET)
DISTANCE: Key = (None, "js_to_retrain", "forget_test")
ACCURACY: Key = (None, "accuracy", "retain_test")
Range = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """A method at one level: ``loss`` is its own forget loss in units of log C, at the end of the
    run (``default``) or on the way; ``leakage`` the AUC minus that of retrained models."""

    loss: float
    default: bool
    leakage: Cell | None
    distance: Cell | None
    accuracy: Cell | None


@dataclass(frozen=True)
class Around:
    """The range of the retrained models that were audited, of each figure; None where no model has
    it. ``attack``: whose AUC the leakage is."""

    attack: str | None
    loss: Range | None
    leakage: Range | None
    distance: Range | None
    accuracy: Range | None


@dataclass(frozen=True)
class PathResults:
    """(model, method) -> its points by ascending loss, of methods with more than one; model -> what
    retrained models show."""

    points: Mapping[tuple[str, str], tuple[Point, ...]]
    around: Mapping[str, Around]

    @property
    def models(self) -> tuple[str, ...]:
        """Models with a path, as found."""
        return tuple(dict.fromkeys(model for model, _ in self.points))

    def of(self, model: str) -> dict[str, tuple[Point, ...]]:
        """Method -> its points on a model."""
        return {method: of for (one, method), of in self.points.items() if one == model}


NONE = PathResults({}, {})


def index(rows: Sequence[Row], config: Mapping[str, Any], classes: int | None) -> PathResults:
    """The paths in the ``rows`` of the simulation; none where the number of ``classes``, whose
    logarithm is the unit of the loss, is not known."""
    given = settings(config)
    classes = classes or given.classes
    if classes is None or classes < 2:
        return NONE
    points, around = {}, {}
    for model in dict.fromkeys(row["model"] for row in rows):
        case = read(rows, model, given.confidence)
        paths = _paths(case.variants)
        if not paths:
            continue
        attack = strongest(case, given)
        for method, variants in paths.items():
            own = [_point(case, attack, variant, math.log(classes)) for variant in variants]
            known = sorted((one for one in own if one), key=lambda one: one.loss)
            if len(known) > 1:
                points[model, method] = tuple(known)
        around[model] = _around(case, attack, math.log(classes))
    return PathResults(points, around)


def _paths(variants: Iterable[str]) -> dict[str, list[str]]:
    """Method -> itself and the levels of its path."""
    known = list(variants)
    methods = [one for one in known if stands_alone(one) and one not in BASELINES]
    found = {one: [name for name in known if group(name) == one] for one in methods}
    return {method: names for method, names in found.items() if len(names) > 1}


def strongest(case: Case, given: Settings) -> str | None:
    """The judge of membership; where nothing sees, the attack that reads most on the positive
    control."""
    membership = next(one for one in panels(case, given) if one.question.name == "membership")
    judge = next(iter(membership.levels), None)
    if judge is not None:
        return judge.attack
    areas = {
        attack: one.value
        for attack in attacks(case, given)
        if (one := case.mean(positive_control(case), (attack, "auc", FORGET))) is not None
    }
    return max(areas, key=areas.__getitem__, default=None)


def _point(case: Case, attack: str | None, variant: str, unit: float) -> Point | None:
    loss = case.mean(variant, LOSS)
    if loss is None or not math.isfinite(loss.value):
        return None
    return Point(
        loss.value / unit,
        stands_alone(variant),
        _leakage(case, attack, variant),
        _cell(case, variant, DISTANCE),
        _cell(case, variant, ACCURACY),
    )


def _leakage(case: Case, attack: str | None, variant: str) -> Cell | None:
    one = case.compared(variant, (attack, "auc", FORGET), "above", 1 - case.confidence)
    return None if one is None else Cell(one.value, one.low, one.high)


def _cell(case: Case, variant: str, key: Key) -> Cell | None:
    one = case.mean(variant, key)
    if one is None or not math.isfinite(one.value):
        return None
    return Cell(one.value, one.low, one.high)


def _around(case: Case, attack: str | None, unit: float) -> Around:
    names = [one for one in case.variants if group(one) == RETRAIN]
    leakage = [_leakage(case, attack, one) for one in names]
    floor = (DISTANCE[0], DISTANCE[1] + FLOOR, DISTANCE[2])
    distance = [_cell(case, one, floor) or _cell(case, one, DISTANCE) for one in names]
    losses = _range([_cell(case, one, LOSS) for one in names])
    return Around(
        attack,
        None if losses is None else (losses[0] / unit, losses[1] / unit),
        _range(leakage),
        _range(distance),
        _range([_cell(case, one, ACCURACY) for one in names]),
    )


def _range(cells: Iterable[Cell | None]) -> Range | None:
    """The lowest and the highest value; of one alone the interval, where it has one."""
    known = [cell for cell in cells if cell is not None]
    if not known:
        return None
    if len(known) == 1:
        return known[0].interval
    values = [cell.value for cell in known]
    return min(values), max(values)
