"""The table ``sweep`` by key: leakage, accuracy and stability against noise and shots.

Means over seeds only; a figure without a value (an accuracy that could not be matched) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .summary import Cell, null

Key = tuple[str, str, str, str | None, str]
"""(model, variant, metric, attack, split)"""
Place = tuple[float, int | None, int]
"""(noise scale, shots or None for exact values, repeats)"""


@dataclass(frozen=True)
class SweepResults:
    """Every figure by key, then by place."""

    cells: Mapping[Key, Mapping[Place, Cell]] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        """Models that were swept, as found."""
        return list(dict.fromkeys(key[0] for key in self.cells))

    def variants(self, model: str) -> list[str]:
        """Variants of a model, as found."""
        return list(dict.fromkeys(key[1] for key in self.cells if key[0] == model))

    def places(self) -> list[Place]:
        """Every place of the sweep, as found."""
        return list(dict.fromkeys(place for cell in self.cells.values() for place in cell))

    def along(self, key: Key, places: Iterable[Place]) -> list[Cell | None]:
        """A figure's estimates at the places, None where there is none."""
        cell = self.cells.get(key, {})
        return [cell.get(place) for place in places]


def index(table: Mapping[str, Iterable[Any]]) -> SweepResults:
    """The columns of a table ``sweep``; nulls may be None or NaN."""
    names = ("model", "variant", "metric", "attack", "split", "noise_scale", "shots", "repeats")
    numbers = ("seed", "value", "ci_low", "ci_high", "n")
    columns = (map(null, table[name]) for name in names + numbers)
    cells: dict[Key, dict[Place, Cell]] = {}
    for row in zip(*columns, strict=True):
        (scale, shots, repeats), (seed, value, low, high, n) = row[5:8], row[8:]
        if seed is not None or value is None:
            continue
        place = (float(scale), None if shots is None else int(shots), int(repeats))
        limits = (None if limit is None else float(limit) for limit in (low, high))
        estimate = Cell(float(value), *limits, None if n is None else int(n))
        cells.setdefault(row[:5], {})[place] = estimate
    return SweepResults(cells)
