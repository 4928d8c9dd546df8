"""The figures of one model, and how a variant's differ from those of retrained models.

The reference are all retrained models that were audited: ``retrain`` and ``retrain@k``. A variant
that is made from one of them is compared with the others. With at least two per seed, the test is
`qmu.metrics.comparison.against_retrained`: the same images on both sides, and the spread of
retrained models as the error. With one, the intervals over seeds are all there is: the difference
of two figures then has the interval of Zou and Donner 2008 (Statistics in Medicine 27), which is
conservative where both figures rest on the same images.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from qmu.metrics.comparison import against_retrained
from qmu.metrics.intervals import square_and_add
from qmu.variants import INNOCENT, RETRAIN, TARGET, group, number_of, retrained

Row = Mapping[str, Any]
Key = tuple[str | None, str, str | None]
"""(attack, metric, split)"""
Side = Literal["above", "below"]

FLOOR = "_floor"
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Value:
    """One row's figure: NaN where the table has a row without a value, limits None where it gives
    none; ``n`` images."""

    value: float
    low: float | None
    high: float | None
    n: int | None


@dataclass(frozen=True)
class Difference:
    """A variant's figure ``own`` minus the mean ``base`` of its reference, with limits at the
    level that was asked for, and the two-sided ``p`` of the difference (beyond what is tolerated,
    where the test was asked for that).

    ``worst`` is the difference of the seed that lies farthest on the side asked for, ``worst_own``
    and ``worst_base`` the two figures there, ``worst_p`` corrected for the number of ``seeds``.
    ``models``: retrained models per seed; 1 where intervals were compared.
    """

    own: float
    base: float
    value: float
    low: float
    high: float
    p: float
    models: int
    seeds: int = 1
    worst_seed: int | None = None
    worst_own: float = math.nan
    worst_base: float = math.nan
    worst: float = math.nan
    worst_p: float = 1.0


@dataclass(frozen=True)
class Case:
    """All figures of one ``model``: (variant, attack, metric, split) -> seed -> value, where the
    seed None stands for the mean over seeds or a figure of a fleet."""

    model: str
    values: Mapping[tuple[str, str | None, str, str | None], Mapping[int | None, Value]]
    confidence: float = 0.95

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Every variant that has a figure, as found."""
        return tuple(dict.fromkeys(key[0] for key in self.values))

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Every seed that has a figure, ascending."""
        return tuple(sorted({s for of in self.values.values() for s in of if s is not None}))

    def mean(self, variant: str, key: Key) -> Value | None:
        """The figure over seeds, or the only seed's; None where there is no such row."""
        of = self.values.get((variant, *key), {})
        return of.get(None, next(iter(of.values())) if len(of) == 1 else None)

    def absent(self, variant: str, key: Key) -> bool:
        """Whether the table has no row of a figure."""
        return (variant, *key) not in self.values

    def unresolved(self, variant: str, key: Key) -> bool:
        """Whether the table says that a figure cannot be told from so few images."""
        of = self.values.get((variant, *key), {})
        return bool(of) and all(math.isnan(one.value) for one in of.values())

    def members(self, attack: str | None, split: str | None) -> tuple[int, int] | None:
        """(members, non-members) that an attack compares in one seed; None where unknown."""
        for variant in (TARGET, RETRAIN):
            areas = self.values.get((variant, attack, "auc", split), {})
            rates = self.values.get((variant, attack, "tpr_at_fpr_1pct", split), {})
            for seed in self.seeds:
                area, found = areas.get(seed), rates.get(seed)
                if area and found and area.n and found.n and area.n > found.n:
                    return area.n - found.n, found.n
        return None

    def forgotten(self) -> int | None:
        """Images of the forget set in one seed."""
        of = self.values.get((TARGET, None, "accuracy", "forget_train"), {})
        return next((one.n for seed, one in of.items() if seed is not None), None)

    def references(self, variant: str) -> tuple[str, ...]:
        """The retrained models that a variant is compared with."""
        number = number_of(variant)
        left_out = retrained(number) if number else RETRAIN if number == 0 else variant
        return tuple(one for one in self.variants if group(one) == RETRAIN and one != left_out)

    def compared(
        self,
        variant: str,
        key: Key,
        side: Side,
        level: float,
        *,
        original: bool = False,
        tolerated: float = 0.0,
    ) -> Difference | None:
        """A variant's figure against the retrained models'; None where it cannot be compared.

        ``level``: two-sided, of the limits. With ``original`` the difference is to the original
        model, whose spread is taken to be that of a retrained one. ``tolerated`` is taken off the
        difference before it is tested (towards zero). A variant that lacks one of the seeds is
        not compared: the seed that is missing may be the worst.
        """
        asked = (variant, key, side, level, original, tolerated)
        if asked not in self._compared:
            self._compared[asked] = self._compare(*asked)
        return self._compared[asked]

    @cached_property
    def _compared(self) -> dict[tuple[Any, ...], Difference | None]:
        """The comparisons made so far: a rung's are asked for once per variant."""
        return {}

    def _compare(
        self, variant: str, key: Key, side: Side, level: float, original: bool, tolerated: float
    ) -> Difference | None:
        shift = -tolerated if side == "above" else tolerated
        own = self._of_seeds(variant, key)
        others = self._retrained(variant, key)
        if own is not None and len(others) > 1:
            base = np.stack(others, axis=1)
            if original:
                first = self._of_seeds(TARGET, key)
                if first is None:
                    return None
                base = base - base.mean(axis=1, keepdims=True) + first[:, None]
            moved = self._moved(variant, key)
            return self._by_spread(own, base, shift, key, side, level, moved)
        if own is None and key in self._of_single_seeds:
            return None
        return self._by_intervals(variant, key, shift, side, level, original)

    def _of_seeds(self, variant: str, key: Key) -> np.ndarray | None:
        """(seeds,) values, None unless every seed has a finite one."""
        of = self.values.get((variant, *key), {})
        values = [of[seed].value if seed in of else math.nan for seed in self.seeds]
        return np.array(values) if values and np.isfinite(values).all() else None

    @cached_property
    def _of_single_seeds(self) -> frozenset[Key]:
        """The figures that some variant has by seed: what has none belongs to a fleet."""
        return frozenset(full[1:] for full, of in self.values.items() if of.keys() - {None})

    def _retrained(self, variant: str, key: Key) -> list[np.ndarray]:
        """What each of the retrained models reads, where all seeds have it: itself, or, of a
        distance to retrained models, the distance between these."""
        attack, metric, split = key
        floor = (attack, metric + FLOOR, split)
        found = []
        for one in self.references(variant):
            values = self._of_seeds(one, floor)
            values = self._of_seeds(one, key) if values is None else values
            if values is not None:
                found.append(values)
        return found

    def _step(self, key: Key) -> float:
        """The smallest step that a figure can take: one image of a rate, one pair of an AUC; of
        what counts no images, the smallest that known models show."""
        attack, metric, split = key
        if attack is not None:
            counts = self.members(attack, split)
            if counts is None:
                return 0.0
            return 1 / (counts[0] * (counts[1] if metric == "auc" else 1))
        known = (one for one in self.variants if group(one) in (TARGET, RETRAIN))
        values = [v for one in known for v in self.values.get((one, *key), {}).values()]
        sizes = [value.n for value in values if value.n]
        if sizes and metric in ("accuracy", "recognition_aligned"):
            return 1 / min(sizes)
        gaps = np.diff(np.unique([v.value for v in values if math.isfinite(v.value)]))
        gaps = gaps[gaps > 1e-9]
        return float(gaps.min()) if gaps.size else 0.0

    def _tied(self, key: Key) -> float:
        """The standard deviation over images of an AUC of scores that tell nothing; 0 of others."""
        counts = self.members(key[0], key[2]) if key[1] == "auc" else None
        if counts is None:
            return 0.0
        return math.sqrt((counts[0] + counts[1] + 1) / (12 * counts[0] * counts[1]))

    def _moved(self, variant: str, key: Key) -> float:
        """How far the innocent edit that moves an AUC most moves it, root mean square; 0 of others.

        Rows differ in how hard they are, and where they are few so do members and non-members; a
        temperature or a bias changes what an attack makes of that, and tells nothing of members.
        """
        squares: dict[str, list[np.ndarray]] = {}
        edits = self.edits if key[1] == "auc" else ()
        for edit in edits:
            number = number_of(edit)
            if number == number_of(variant):
                continue
            own, base = (self._of_seeds(one, key) for one in (edit, retrained(number or 0)))
            if own is not None and base is not None:
                squares.setdefault(edit.partition("@")[0], []).append((own - base) ** 2)
        return math.sqrt(max((float(np.mean(of)) for of in squares.values()), default=0.0))

    @cached_property
    def edits(self) -> tuple[str, ...]:
        """Edits of retrained models that add no knowledge."""
        return tuple(one for one in self.variants if group(one) == INNOCENT)

    def _by_spread(
        self,
        own: np.ndarray,
        base: np.ndarray,
        shift: float,
        key: Key,
        side: Side,
        level: float,
        moved: float,
    ) -> Difference | None:
        step, tied = self._step(key), self._tied(key)
        found = against_retrained(own + shift, base, step, 1 - level, side, tied, moved)
        if not found.known:
            return None
        worst, means = found.worst, base.mean(axis=1)
        return Difference(
            own=float(own.mean()),
            base=float(means.mean()),
            value=found.difference - shift,
            low=found.low - shift,
            high=found.high - shift,
            p=found.p_value,
            models=base.shape[1],
            seeds=len(own),
            worst_seed=self.seeds[worst],
            worst_own=float(own[worst]),
            worst_base=float(means[worst]),
            worst=found.worst_difference - shift,
            worst_p=found.worst_p,
        )

    def _by_intervals(
        self, variant: str, key: Key, shift: float, side: Side, level: float, original: bool
    ) -> Difference | None:
        attack, metric, split = key
        names = (TARGET,) if original else self.references(variant)
        keys = [(one, k) for one in names for k in ((attack, metric + FLOOR, split), key)]
        pair = next((p for p in keys if not self.absent(*p)), None)
        if pair is None:
            return None
        whole = _apart(self.mean(variant, key), self.mean(*pair), shift, self.confidence, level)
        if whole is None:
            return None
        own, base = self.values[variant, *key], self.values[pair[0], *pair[1]]
        single = {
            seed: one
            for seed in self.seeds
            if (one := _apart(own.get(seed), base.get(seed), shift, self.confidence, level))
        }
        if not self.seeds or len(single) < len(self.seeds):
            return whole
        sign = 1 if side == "above" else -1
        worst = max(single, key=lambda seed: (sign * single[seed].value, -seed))
        one = single[worst]
        return Difference(
            *(whole.own, whole.base, whole.value, whole.low, whole.high, whole.p, 1),
            *(len(single), worst, one.own, one.base, one.value, min(1.0, len(single) * one.p)),
        )


def _apart(
    own: Value | None,
    base: Value | None,
    shift: float,
    confidence: float,
    level: float,
) -> Difference | None:
    """The difference of two figures from their intervals, by the normal distribution."""
    if own is None or base is None:
        return None
    limits = [own.value, own.low, own.high, base.value, base.low, base.high]
    if any(limit is None or not math.isfinite(limit) for limit in limits):
        return None
    value = own.value - base.value
    low, high = square_and_add(own.value, (own.low, own.high), base.value, (base.low, base.high))
    below, above = value - low, high - value
    usual = _NORMAL.inv_cdf((1 + confidence) / 2)
    beyond = value + shift
    # The arm that reaches towards no difference; one of no length knows nothing.
    arm = below if beyond > 0 else above
    p = 2 * _NORMAL.cdf(-usual * abs(beyond) / arm) if arm > 0 else 1.0
    factor = _NORMAL.inv_cdf(1 - level / 2) / usual
    return Difference(
        own.value, base.value, value, value - factor * below, value + factor * above, p, 1
    )


def read(rows: Iterable[Row], model: str, confidence: float = 0.95) -> Case:
    """The case of a model, from rows of the summary: those of the first device."""
    values: dict[tuple[Any, ...], dict[int | None, Value]] = {}
    device = None
    for row in rows:
        if row["model"] != model:
            continue
        device = device or row["device"]
        if row["device"] != device:
            continue
        key = (row["variant"], row["attack"], row["metric"], row["split"])
        seed = None if _missing(row["seed"]) else int(row["seed"])
        value = math.nan if _missing(row["value"]) else float(row["value"])
        limits = (None if _missing(row[name]) else float(row[name]) for name in _LIMITS)
        n = None if _missing(row["n"]) else int(row["n"])
        values.setdefault(key, {})[seed] = Value(value, *limits, n)
    return Case(model, values, confidence)


_LIMITS = ("ci_low", "ci_high")


def _missing(value: Any) -> bool:
    return value is None or value != value
