"""One model and variant as the rules of the verdicts see it: figures, and how two of them compare.

Every comparison needs the intervals: a figure without one decides nothing. A difference of two
figures has the interval that follows from theirs (Zou and Donner's square-and-add rule), which is
conservative where both figures rest on the same images. Where a rule looks at several attacks or
measures at once, each interval is first widened as Bonferroni's correction asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Number:
    """One figure with its interval; ``n`` images, of them ``others`` non-members where known."""

    variant: str
    attack: str | None
    metric: str
    split: str | None
    value: float
    low: float
    high: float
    n: int | None
    others: int | None = None

    def widened(self, factor: float) -> Number:
        """The same figure with either arm of its interval ``factor`` times as long."""
        low = self.value - factor * (self.value - self.low)
        high = self.value + factor * (self.high - self.value)
        return replace(self, low=low, high=high)

    def show(self) -> str:
        """``0.60 [0.56, 0.64]``"""
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"

    def cite(self) -> str:
        """The figure with everything that names it, for the evidence."""
        name = " ".join(filter(None, (self.variant, self.attack, self.metric)))
        where = f" on {self.split}" if self.split else ""
        count = "" if self.n is None else f", n = {self.n}"
        return f"{name}{where} = {self.value:.3f} [{self.low:.3f}, {self.high:.3f}]{count}"


def lower_limit(first: Number, second: Number) -> float:
    """The lower limit of ``first`` - ``second``."""
    arm = math.hypot(first.value - first.low, second.high - second.value)
    return first.value - second.value - arm


def correction(count: int, confidence: float) -> float:
    """How many times longer an arm is that holds for ``count`` figures at once (Bonferroni), by
    the normal distribution."""
    tail = (1 - confidence) / 2
    normal = NormalDist()
    return normal.inv_cdf(1 - tail / max(count, 1)) / normal.inv_cdf(1 - tail)


@dataclass(frozen=True)
class Case:
    """The figures of one model, seen for one ``variant``.

    ``numbers`` are all with an interval, by (variant, attack, metric, split); ``attacks`` and
    ``quality`` name what the experiment configures, ``attacks`` with their components.
    """

    model: str
    variant: str
    numbers: Mapping[tuple[str, str | None, str, str | None], Number]
    attacks: Mapping[str, str] = field(default_factory=dict)
    quality: tuple[str, ...] = ()
    confidence: float = 0.95

    def get(
        self, metric: str, split: str | None, variant: str | None = None, attack: str | None = None
    ) -> Number | None:
        """One figure, of this variant unless told otherwise; None where there is none."""
        return self.numbers.get((variant or self.variant, attack, metric, split))

    def measured(self, metric: str, variant: str | None = None) -> list[Number]:
        """All figures of a quality measure, in the order of the splits."""
        wanted = (variant or self.variant, None, metric)
        return [number for key, number in self.numbers.items() if key[:3] == wanted]

    def areas(self, variant: str | None = None) -> dict[str, Number]:
        """Attack -> its AUC on the forget class, widened for the number of attacks."""
        wanted = variant or self.variant
        found = {
            key[1]: number
            for key, number in self.numbers.items()
            if key[0] == wanted and key[1] and key[2:] == ("auc", "forget_train")
        }
        factor = correction(len(found), self.confidence)
        return {attack: number.widened(factor) for attack, number in found.items()}

    def as_given(self, number: Number) -> Number:
        """The figure with the interval that the summary gives."""
        return self.numbers[number.variant, number.attack, number.metric, number.split]


def read(rows: Iterable[Row], model: str) -> dict[tuple[Any, ...], Number]:
    """The numbers of a model: means over seeds win over single seeds, the first device over others.

    Figures without an interval, or that are not finite, are left out.
    """
    own = [row for row in rows if row["model"] == model]
    found: dict[tuple[Any, ...], tuple[bool, Row]] = {}
    device = own[0]["device"] if own else None
    counts: dict[tuple[Any, ...], int] = {}
    for row in own:
        key = tuple(row[name] for name in ("variant", "attack", "metric", "split"))
        mean = _missing(row["seed"])
        if row["device"] != device or (key in found and (found[key][0] or not mean)):
            continue
        found[key] = (mean, row)
        # A TPR at a fixed FPR is stated with the number of its non-members.
        if row["metric"].startswith("tpr_at_fpr") and not _missing(row["n"]):
            counts[row["variant"], row["attack"], row["split"]] = int(row["n"])
    return {
        key: number
        for key, (_, row) in found.items()
        if (number := _number(row, counts.get((key[0], key[1], key[3])))) is not None
    }


def _number(row: Row, others: int | None) -> Number | None:
    limits = (row["value"], row["ci_low"], row["ci_high"])
    if any(_missing(limit) or not math.isfinite(limit) for limit in limits):
        return None
    named = (row["variant"], row["attack"], row["metric"], row["split"])
    n = None if _missing(row["n"]) else int(row["n"])
    return Number(*named, *map(float, limits), n, others)


def _missing(value: Any) -> bool:
    return value is None or value != value
