"""What share of the forget set a variant still holds, read off the ladder of known residues.

A figure's differences to retrained models on the rungs make a curve against the residual share: 0
at 0, ascending (isotonic regression, Barlow et al. 1972), straight between rungs. The share of a
variant is where its own difference meets the curve; the limits are where the difference of the two
does with the limits of its interval (inverse regression; intervals by Zou and Donner 2008, which
is conservative, for both rest on the same images and retrained models).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.metrics.intervals import square_and_add

from .case import Case, Row, read
from .judges import Panel, panels
from .power import LIMITS, ladder, share_of
from .questions import Figure, settings

BEYOND = math.inf
"""The share of what reads more than the whole forget set does."""
READ = ("membership", "records")
"""The questions whose judges read a share: by AUC, and by members found at 1% false positives."""


@dataclass(frozen=True)
class Share:
    """A share of the forget set, 0 to 1, with its limits: infinite where the figure reads more
    than where the whole forget set was left in, NaN where the ladder cannot tell."""

    value: float
    low: float
    high: float


UNKNOWN = Share(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Reading:
    """The share of a ``variant`` by ``attack`` and ``metric``, the judge's of a question."""

    model: str
    variant: str
    attack: str
    metric: str
    share: Share


def share_by(case: Case, figure: Figure, variant: str) -> Share:
    """The residual share of a variant by one figure that grows with what is held; `UNKNOWN` where
    there are no rungs below the whole, or the variant, or a rung, cannot be compared."""
    rungs = ladder(case)
    own = case.compared(variant, figure.key, figure.side, LIMITS)
    found = [case.compared(rung, figure.key, figure.side, LIMITS) for _, rung in rungs]
    if own is None or len(rungs) < 2 or any(one is None for one in found):
        return UNKNOWN
    sign = figure.sign
    return inverse(
        np.array([share for share, _ in rungs]),
        _upwards([(one.value, one.low, one.high) for one in found], sign),
        _upwards([(own.value, own.low, own.high)], sign)[0],
    )


def inverse(shares: np.ndarray, rungs: np.ndarray, own: np.ndarray) -> Share:
    """The share at which a ladder reads ``own`` (value, low, high), from ``rungs`` (k, 3) of the
    same at ascending ``shares`` (k,); all are differences to retrained models."""
    # Planning a run loads components, and they the metrics; SciPy is for those who compute.
    from scipy.optimize import isotonic_regression

    fitted = np.maximum(isotonic_regression(rungs[:, 0]).x, 0.0)
    moved = rungs + (fitted - rungs[:, 0])[:, None]
    shares, moved = np.append(0.0, shares), np.vstack([np.zeros(3), moved])
    apart = own[0] - moved[:, 0]
    limits = np.array([square_and_add(own[0], own[1:], one[0], one[1:]) for one in moved])
    low = np.minimum.accumulate(limits[:, 0])
    high = np.maximum.accumulate(limits[::-1, 1])[::-1]
    return Share(_meets(shares, apart), _meets(shares, low), _meets(shares, high, last=True))


def _meets(shares: np.ndarray, falling: np.ndarray, last: bool = False) -> float:
    """Where a descending curve first reaches zero, or is ``last`` at it: 0 where it lies below from
    the start, infinite where it stays above."""
    above = falling >= 0 if last else falling > 0
    if above.all():
        # At the end of the ladder zero is met, not passed.
        return float(shares[-1]) if falling[-1] == 0 else BEYOND
    if not above[0]:
        return 0.0
    place = int(np.argmin(above))
    upper, lower = falling[place - 1], falling[place]
    step = shares[place] - shares[place - 1]
    return float(shares[place - 1] + step * upper / (upper - lower))


def _upwards(values: Sequence[tuple[float, float, float]], sign: int) -> np.ndarray:
    """(value, low, high) such that more tells of more that is held."""
    return np.array([(v, low, high) if sign > 0 else (-v, -high, -low) for v, low, high in values])


def judges(asked: Iterable[Panel]) -> list[Figure]:
    """The judge's figure of each question of `READ` that has one."""
    firsts = {one.question.name: next(iter(one.levels), None) for one in asked}
    return [figure for name in READ if (figure := firsts.get(name)) is not None]


def readings(rows: Sequence[Row], config: Mapping[str, Any]) -> list[Reading]:
    """The residual shares of every variant but the ladder's own rungs, by the judges of its model;
    ``rows`` and ``config`` as for `verdicts`. Without a ladder there are none."""
    given, found = settings(config), []
    for model in dict.fromkeys(row["model"] for row in rows):
        case = read(rows, model, given.confidence)
        if len(ladder(case)) < 2:
            continue
        for figure in judges(panels(case, given)):
            for variant in case.variants:
                if share_of(variant) is None:
                    share = share_by(case, figure, variant)
                    found.append(Reading(model, variant, figure.attack, figure.metric, share))
    return found
