"""What may be tuned of a method, and the settings that are tried.

A method's `Config` declares it itself: a field annotated with a `Search` has a range, one with
`Choices` a list. Settings are the points of a scrambled Sobol sequence (Sobol 1967; Owen 1998) over
the ranges: the first points of a longer sequence are those of a shorter one, and every method gets
as many, however many settings it has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from qmu import seeds


@dataclass(frozen=True)
class Search:
    """A range, both ends included. ``log``: even in the logarithm. Whole numbers where both ends
    are."""

    low: float
    high: float
    log: bool = False

    def at(self, share: float) -> float:
        """The setting at ``share`` in [0, 1) of the range."""
        low, high, whole = self.low, self.high, self.whole
        if whole:  # every whole number has the same room, the ends too
            low, high = low - 0.5, high + 0.5
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        return min(max(round(value), self.low), self.high) if whole else value

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True)
class Choices:
    """Values of which each is as likely."""

    values: tuple[Any, ...]

    def at(self, share: float) -> Any:
        """The value at ``share`` in [0, 1) of the list."""
        return self.values[int(share * len(self.values))]


Space = dict[str, Search | Choices]
"""Setting -> where it is looked for; ``stopping.forget_loss`` is a setting inside another."""


def space(config: type[BaseModel], ranges: Mapping[str, Sequence[float]] | None = None) -> Space:
    """What a method's ``config`` declares, in the order of its fields; ``ranges`` replace the ends
    of some. Empty for a method without settings to tune."""
    found = _declared(config, "")
    for name, (low, high) in (ranges or {}).items():
        declared = found[name]
        if declared.whole:
            low, high = round(low), round(high)
        found[name] = Search(low, high, declared.log)
    return found


def _declared(config: type[BaseModel], prefix: str) -> Space:
    """A field that a method declares anew, with another default, keeps the range of its origin."""
    found: Space = {}
    kinds = [kind for kind in config.__mro__ if issubclass(kind, BaseModel)]
    for name, field in config.model_fields.items():
        origins = [kind.model_fields[name] for kind in kinds if name in kind.model_fields]
        ranges = [one for of in origins for one in of.metadata if isinstance(one, Search | Choices)]
        if ranges:
            found[f"{prefix}{name}"] = ranges[0]
        if isinstance(field.default, BaseModel):
            found |= _declared(type(field.default), f"{prefix}{name}.")
    return found


def settings(
    where: Space, base: Mapping[str, Any], count: int, names: tuple[str | int, ...]
) -> list[dict[str, Any]]:
    """``base``, then ``count`` variations of it: the settings of a method in the order in which
    they are tried. Only ``base`` where nothing can be tuned. The sequence is drawn under
    ``names``."""
    if not where or not count:
        return [dict(base)]
    from scipy.stats import qmc  # planning a run reads this module, and SciPy takes a second

    sobol = qmc.Sobol(len(where), scramble=True, rng=seeds.generator(*names))
    points = sobol.random_base2(math.ceil(math.log2(count)))[:count]
    return [dict(base), *(_with(base, where, point) for point in points)]


def _with(base: Mapping[str, Any], where: Space, point: np.ndarray) -> dict[str, Any]:
    found = dict(base)
    for (name, one), share in zip(where.items(), point.tolist(), strict=True):
        inner, *path = found, *name.split(".")
        for key in path[:-1]:
            inner[key] = dict(inner[key])
            inner = inner[key]
        inner[path[-1]] = one.at(share)
    return found
