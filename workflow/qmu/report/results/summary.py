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

BASELINES = ("target", "retrain")


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
        """Variants of a model (of all models), baselines first, then as found."""
        found = dict.fromkeys(key[1] for key in self.cells if model in (None, key[0]))
        first = [name for name in BASELINES if name in found]
        return (*first, *(name for name in found if name not in BASELINES))

    def values(self, metric: str) -> list[Cell]:
        """Every estimate of a metric."""
        return [cell for key, cell in self.cells.items() if key[2] == metric]


def summarise(columns: Mapping[str, Iterable[Any]]) -> Summary:
    """Index the columns of a ``summary`` table; nulls may be None or NaN."""
    names = ("model", "seed", "variant", "device", "attack", "metric", "split")
    numbers = ("value", "ci_low", "ci_high", "n")
    rows = list(zip(*(map(_null, columns[name]) for name in names + numbers), strict=True))
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


def _null(value: Any) -> Any:
    missing = value is None or (isinstance(value, float | np.floating) and math.isnan(value))
    return None if missing else value
