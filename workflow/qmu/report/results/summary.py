"""The ``summary`` table by key: every figure's aggregate over seeds, with the seeds behind it.

Missing pieces (an attack, a variant, a seed, an interval) are None, never zero. A figure that the
table marks as not resolvable keeps the number of samples that were too few.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qmu.variants import BASELINES

SPLITS = {
    "forget_train": "to be forgotten",
    "forget_test": "comparable, test",
    "retain_train": "retained, trained on",
    "retain_test": "retained, test",
}
NON_MEMBER_SPLITS = ("forget_unseen", "forget_test")
"""Images comparable to the forget set that no model was trained on; those that nothing has used first."""
FLOOR = "_floor"
"""Ends the name of a distance between retrained models, which differ in their seeds alone."""


@dataclass(frozen=True)
class Cell:
    """One figure with its interval; ``seeds`` holds (seed, value) pairs behind an aggregate."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    seeds: tuple[tuple[int, float], ...] = ()

    @property
    def interval(self) -> tuple[float, float]:
        """The interval, or the value twice where there is none."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )


@dataclass(frozen=True)
class Summary:
    """The ``summary`` table by key. ``models`` are labels: the model's name, with its device where
    one model was audited on several."""

    models: tuple[str, ...]
    attacks: tuple[str, ...]
    cells: Mapping[tuple, Cell]
    unresolved: Mapping[tuple, int | None] = field(default_factory=dict)

    def get(
        self,
        model: str,
        variant: str,
        metric: str,
        split: str | None = None,
        attack: str | None = None,
    ) -> Cell | None:
        """The aggregate over seeds (the mean of the seeds where the table has no aggregate)."""
        return self.cells.get((model, variant, metric, split, attack))

    def variants(self, model: str | None = None) -> tuple[str, ...]:
        """Variants of a model (of all models), baselines first, then as found: those that stand
        for themselves. What belongs to a group (a rung of the ladder, a level of a path, an
        innocent model) has ``@`` in its name and stands in views of its own."""
        names = dict.fromkeys(key[1] for key in self.cells if model in (None, key[0]))
        names = [name for name in names if stands_alone(name)]
        return baselines_first(names)

    def attacks_with(self, model: str, metric: str, split: str) -> list[str]:
        """The attacks for which some variant of a model has a figure."""
        cells = {key[4] for key in self.cells if (key[0], *key[2:4]) == (model, metric, split)}
        return [attack for attack in self.attacks if attack in cells]

    def non_members(self, model: str, variant: str, attack: str) -> Cell | None:
        """The false-positive rate on comparable images never trained on, unused ones first."""
        rates = (
            self.get(model, variant, "mia_false_positive", split, attack)
            for split in NON_MEMBER_SPLITS
        )
        return next((rate for rate in rates if rate is not None), None)

    def areas(self, model: str, variant: str) -> dict[str, Cell]:
        """Attack -> its AUC on the forget set, where it was measured."""
        cells = {a: self.get(model, variant, "auc", "forget_train", a) for a in self.attacks}
        return {attack: cell for attack, cell in cells.items() if cell is not None}

    def relative_to_retrain(self, model: str, variant: str, metric: str) -> Cell | None:
        """A cost over retraining's, per seed where both have the seed; None if unknown."""
        own, base = self.get(model, variant, metric), self.get(model, "retrain", metric)
        if own is None or base is None or base.value <= 0:
            return None
        of_seed = dict(base.seeds)
        pairs = tuple((s, v / of_seed[s]) for s, v in own.seeds if of_seed.get(s, 0) > 0)
        return Cell(own.value / base.value, seeds=pairs)


def baselines_first(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once: target and retrain where they are among them, then the others as found."""
    once = dict.fromkeys(names)
    first = [name for name in BASELINES if name in once]
    return (*first, *(name for name in once if name not in BASELINES))


def stands_alone(variant: str) -> bool:
    """Whether a variant is a baseline, a method or a control, and no member of a group."""
    return "@" not in variant


def strongest(areas: Mapping[str, Cell]) -> str | None:
    """The attack whose AUC is furthest from one half; None of none."""
    return max(areas, key=lambda attack: abs(areas[attack].value - 0.5), default=None)


def summarise(columns: Mapping[str, Iterable[Any]]) -> Summary:
    """Index the columns of a ``summary`` table; nulls may be None or NaN."""
    names = ("model", "seed", "variant", "device", "attack", "metric", "split")
    numbers = ("value", "ci_low", "ci_high", "n")
    rows = list(zip(*(map(null, columns[name]) for name in names + numbers), strict=True))
    devices: dict[str, dict[str, None]] = {}
    for row in rows:
        devices.setdefault(row[0], {})[row[3]] = None
    aggregates: dict[tuple, tuple] = {}
    seeds: dict[tuple, list[tuple[int, float]]] = {}
    sizes: dict[tuple, list[int]] = {}
    for model, seed, variant, device, attack, metric, split, value, low, high, n in rows:
        label = model if len(devices[model]) == 1 else f"{model} on {device}"
        key = (label, variant, metric, split, attack)
        of_key = seeds.setdefault(key, [])
        if seed is None:
            aggregates[key] = (value, low, high, n)
        elif value is not None:
            of_key.append((int(seed), float(value)))
        elif n is not None:
            sizes.setdefault(key, []).append(int(n))
    cells = {
        key: estimate
        for key, of in seeds.items()
        if (estimate := _estimate(aggregates.get(key), of)) is not None
    }
    return Summary(
        models=tuple(dict.fromkeys(key[0] for key in cells)),
        attacks=tuple(dict.fromkeys(key[4] for key in cells if key[4] is not None)),
        cells=cells,
        unresolved={
            key: min(sizes[key]) if key in sizes else n
            for key, (value, _, _, n) in aggregates.items()
            if value is None
        },
    )


def _estimate(aggregate: tuple | None, seeds: list[tuple[int, float]]) -> Cell | None:
    """None where the table says that the aggregate cannot be resolved, or holds nothing."""
    if aggregate is None:
        values = [value for _, value in seeds]
        return Cell(float(np.mean(values)), seeds=tuple(seeds)) if values else None
    value, low, high, n = aggregate
    if value is None:
        return None
    return Cell(
        float(value),
        None if low is None else float(low),
        None if high is None else float(high),
        None if n is None else int(n),
        tuple(seeds),
    )


def null(value: Any) -> Any:
    """A table's cell, its null as None: columns of numbers hold NaN instead."""
    missing = value is None or (isinstance(value, float | np.floating) and math.isnan(value))
    return None if missing else value
