"""The methods ranked by what unlearning is for: closeness to retraining, little to find, low cost.

Per seed, ``distance`` is the Jensen-Shannon divergence from the retrained model, in nats, the mean
of that on the forget set, on retained training data and on retained test data; ``leakage`` how far
the AUC of the strongest attack on the forget set lies from one half, of those ``attacks`` that read
one half where nothing is left; ``cost`` the circuit
executions (of a model without a circuit the evaluations) over those of retraining. The strongest of
several attacks lies off one half by chance too, so the retrained model's stands beside it.

A method's rank is one more than the number of methods that are better beyond the seeds: whose
difference from it, seed by seed, has an interval of Student's t that lies below 0. Two methods with
one rank are not told apart. Of the front are those that no other beats or equals in all three means
at once. Controls unlearn nothing, so they are shown and not ranked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qmu.metrics.intervals import student
from qmu.variants import BASELINES, RETRAIN

from .summary import FLOOR, Cell, Summary

CRITERIA = {
    "distance": "distance to retraining",
    "leakage": "what the strongest attack finds",
    "cost": "cost",
}
PARTS = ("forget_train", "retain_train", "retain_test")
FEWEST_SEEDS = 2


@dataclass(frozen=True)
class Ranked:
    """A method on one model: a cell for each of `CRITERIA` with its interval over seeds, and its
    ``rank`` by each, None for a control. ``front``: whether no other method is better in all."""

    model: str
    variant: str
    cells: Mapping[str, Cell]
    ranks: Mapping[str, int] | None
    front: bool

    @property
    def dearer(self) -> bool:
        """Whether retraining would be cheaper."""
        return self.cells["cost"].value > 1


def ranking(
    summary: Summary,
    model: str,
    controls: Sequence[str],
    attacks: Collection[str],
    confidence: float,
) -> tuple[Ranked, ...]:
    """The methods of a model of which all three are known, by rank and mean distance, then the
    controls."""
    found = {}
    for variant in summary.variants(model):
        cells = _cells(summary, model, variant, attacks, confidence)
        if cells and variant not in BASELINES:
            found[variant] = cells
    methods = [variant for variant in found if variant not in controls]
    ranks = {
        name: rank({v: found[v][name] for v in methods}, confidence) if methods else {}
        for name in CRITERIA
    }
    ahead = front({v: [found[v][name].value for name in CRITERIA] for v in methods})
    rows = [
        Ranked(
            model,
            variant,
            cells,
            {name: ranks[name][variant] for name in CRITERIA} if variant in methods else None,
            variant in ahead,
        )
        for variant, cells in found.items()
    ]

    def order(one: Ranked) -> tuple:
        place = one.ranks["distance"] if one.ranks else len(rows) + 1
        return place, one.cells["distance"].value

    return tuple(sorted(rows, key=order))


def rank(cells: Mapping[str, Cell], confidence: float) -> dict[str, int]:
    """1 + the number of others that are better, that is lower, beyond the seeds; all 1 where there
    are fewer than two seeds to tell."""
    return {
        one: 1 + sum(better(cells[other], cells[one], confidence) for other in cells)
        for one in cells
    }


def better(one: Cell, other: Cell, confidence: float) -> bool:
    """Whether ``one`` lies below ``other`` on the seeds that both have."""
    theirs = dict(other.seeds)
    apart = np.array([value - theirs[seed] for seed, value in one.seeds if seed in theirs])
    return len(apart) >= FEWEST_SEEDS and student(apart, confidence)[1] < 0


def front(points: Mapping[str, Sequence[float]]) -> set[str]:
    """Names of the points that no other dominates: is nowhere higher and somewhere lower."""
    at = {name: np.asarray(point) for name, point in points.items()}
    return {
        name
        for name, own in at.items()
        if not any((p <= own).all() and (p < own).any() for p in at.values())
    }


def retrained(
    summary: Summary, model: str, attacks: Collection[str], confidence: float
) -> tuple[Cell | None, Cell | None]:
    """What retrained models read: their distance among themselves, and the leakage."""
    parts = [summary.get(model, RETRAIN, "js_to_retrain" + FLOOR, split) for split in PARTS]
    floor = Cell(float(np.mean([p.value for p in parts]))) if all(parts) else None
    return floor, _leakage(summary, model, RETRAIN, attacks, confidence)


def _cells(
    summary: Summary, model: str, variant: str, attacks: Collection[str], confidence: float
) -> dict[str, Cell] | None:
    parts = [summary.get(model, variant, "js_to_retrain", split) for split in PARTS]
    cost = summary.relative_to_retrain(model, variant, "circuit_executions")
    leakage = _leakage(summary, model, variant, attacks, confidence)
    if not all(parts) or cost is None or leakage is None:
        return None
    by_seed = [dict(part.seeds) for part in parts if part]
    distance = {
        seed: float(np.mean([part[seed] for part in by_seed]))
        for seed in by_seed[0]
        if all(seed in part for part in by_seed)
    }
    costs = _over_seeds(dict(cost.seeds), confidence)
    distances = _over_seeds(distance, confidence)
    if costs is None or distances is None:
        return None
    return {"distance": distances, "leakage": leakage, "cost": costs}


def _leakage(
    summary: Summary, model: str, variant: str, attacks: Collection[str], confidence: float
) -> Cell | None:
    strongest: dict[int, float] = {}
    areas = summary.areas(model, variant)
    for attack in attacks:
        for seed, value in areas[attack].seeds if attack in areas else ():
            strongest[seed] = max(strongest.get(seed, 0.0), abs(value - 0.5))
    return _over_seeds(strongest, confidence)


def _over_seeds(values: Mapping[int, float], confidence: float) -> Cell | None:
    """The mean over seeds, with its interval where there are two; none of these figures is
    negative, so no interval is."""
    if not values:
        return None
    seeds, numbers = tuple(sorted(values.items())), np.array([*values.values()])
    if len(numbers) < FEWEST_SEEDS:
        return Cell(float(numbers.mean()), seeds=seeds)
    low, high = student(numbers, confidence)
    return Cell(float(numbers.mean()), max(low, 0.0), high, seeds=seeds)
