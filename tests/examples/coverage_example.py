"""How often the intervals of the audit hold the truth, where the truth is known.

One pool of images serves all seeds; each seed draws its members and non-members from it anew and
trains a model of its own. Images are difficult to a degree that all seeds share (half of the
variance of a score), and seeds spread ``ratio`` times as far as the images make one seed's figure
spread. Everything is drawn for many trials at once; the intervals are `intervals.over_seeds`, which
the audit uses (it only ever widens them, by exact intervals of counts).

Fleet measures have no seeds: their models are the sample, and move all images together by a share
of the variance. Their truth is the mean over the simulated fleets, for a figure of as many models.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from qmu.metrics import resampling
from qmu.metrics.estimates import DIFFERENCE, SHARE, Estimate, bootstrap
from qmu.metrics.intervals import over_seeds
from qmu.quality.measures import forget_quality, klom
from qmu.quality.statistics import mean, of_fleet
from qmu.quality.worlds import Worlds, without
from qmu.seeds import generator
from scipy import special

SEEDS = (3, 5, 10)
RATIOS = (0.0, 1.0, 2.0, 4.0)
POOL, MEMBERS, OTHERS = 320, 60, 195
# The share of a score's variance that belongs to the image, whatever the seed.
SHARED = 0.5
# Of 195 non-members three may pass, as of 390 at 1%: the threshold's own rate is then 4/196.
FPR = 0.02
RESAMPLES = 60
# Runs of ten seeds; an AUC costs most.
TRIALS, FEWER = 1000, 500
# Fleets of so many models and images, and how much of the variance is the models' own.
MODELS, IMAGES, SHARES = 64, 24, (0.2, 0.5, 0.8)
FLEETS = 100


@dataclass(frozen=True)
class Row:
    """``coverage`` of nominal 95% intervals; ``width`` on average, in widths of the interval that
    an oracle would give who knows the spread of the mean; ``trials`` they rest on."""

    kind: str
    seeds: int
    ratio: float
    coverage: float
    width: float
    trials: int


@dataclass(frozen=True)
class Drawn:
    """Values (seeds, trials), replicates (seeds, resamples, trials) or None, and the truth."""

    values: np.ndarray
    replicates: np.ndarray | None
    truth: float
    limits: tuple[float, float] | None


@cache
def table() -> tuple[Row, ...]:
    """Coverage by kind of figure, number of seeds and ratio, from many runs of ten seeds."""
    found = []
    for kind, draw in KINDS.items():
        for ratio in RATIOS if draw is not _plain else (1.0,):
            drawn = draw(kind, ratio, FEWER if kind in RANKINGS else TRIALS)
            found += [judged(kind, seeds, ratio, drawn) for seeds in SEEDS]
    return tuple(found)


def judged(kind: str, seeds: int, ratio: float, drawn: Drawn) -> Row:
    """Ten seeds make three trials of three, two of five, one of ten."""
    groups = len(drawn.values) // seeds
    hits, widths, means = [], [], []
    for group in range(groups):
        rows = slice(group * seeds, (group + 1) * seeds)
        own = None if drawn.replicates is None else drawn.replicates[rows]
        low, high = over_seeds(drawn.values[rows], own, 0.95, drawn.limits)
        hits.append((low <= drawn.truth) & (drawn.truth <= high))
        widths.append(high - low)
        means.append(drawn.values[rows].mean(axis=0))
    oracle = 2 * special.ndtri(0.975) * np.std(means)
    width = float(np.mean(widths) / oracle)
    return Row(kind, seeds, ratio, float(np.mean(hits)), width, np.size(hits))


@cache
def fleets() -> tuple[Row, ...]:
    """Coverage of the fleet measures; ``ratio`` is the models' share of the variance."""
    found = []
    for kind, (values_of, shift) in FLEET_KINDS.items():
        for share in SHARES:
            rng = generator("coverage", kind, str(share))
            estimates = [fleet_figure(rng, values_of, shift, share) for _ in range(FLEETS)]
            values = np.array([estimate.value for estimate in estimates])
            low, high = np.transpose([estimate.interval for estimate in estimates])
            held = (low <= values.mean()) & (values.mean() <= high)
            width = np.mean(high - low) / (2 * special.ndtri(0.975) * values.std())
            found.append(Row(kind, 1, share, float(held.mean()), float(width), FLEETS))
    return tuple(found)


def fleet_figure(
    rng: np.random.Generator, values_of, shift: float, share: float, models: bool = True
) -> Estimate:
    """One fleet's figure: margins of unlearned and of retrained models, the former shifted, in
    standard deviations of a model, by more on some images than on others. Without ``models`` the
    interval knows of the images alone."""
    held = rng.random((MODELS // 2, IMAGES)) < 0.5
    held = np.stack([held, ~held], axis=1).reshape(MODELS, IMAGES)
    margins = [
        np.sqrt(share) * rng.normal(size=(MODELS, 1))
        + np.sqrt(1 - share) * rng.normal(size=(MODELS, IMAGES))
        for _ in range(2)
    ]
    unlearned = margins[0] + shift * (1 + rng.normal(size=IMAGES) / 2)
    pair = Worlds(unlearned, margins[1], held, ~held)
    values, *others = (values_of(one) for one in (pair, *without(pair, MODELS // 2)))
    apart = of_fleet(mean, others) if models else None
    return bootstrap(mean(values), IMAGES, rng, 400, 0.95, models=apart)


def markdown(rows: tuple[Row, ...], ratio: str = "seeds / images") -> str:
    """The table for a page: a line per kind and ratio, a column per number of seeds."""
    counts = tuple(dict.fromkeys(row.seeds for row in rows))
    lines = [
        f"| figure | {ratio} | " + " | ".join(_head(seeds) for seeds in counts) + " |",
        "|---|---|" + "---|" * len(counts),
    ]
    for kind, ratio in dict.fromkeys((row.kind, row.ratio) for row in rows):
        own = [row for row in rows if (row.kind, row.ratio) == (kind, ratio)]
        cells = " | ".join(f"{row.coverage:.1%} ({row.width:.1f})" for row in own)
        lines.append(f"| {kind} | {ratio:g} | {cells} |")
    return "\n".join(lines)


def _head(seeds: int) -> str:
    return f"{seeds} seeds" if seeds > 1 else "coverage (width)"


def _shares(rng: np.random.Generator, mean: float, deviation: float, shape) -> np.ndarray:
    """What seeds have for a share, on average ``mean``: beta distributed."""
    if not deviation:
        return np.full(shape, mean)
    size = mean * (1 - mean) / deviation**2 - 1
    return rng.beta(mean * size, (1 - mean) * size, shape)


def _sides(rng: np.random.Generator, seeds: int, trials: int) -> tuple[np.ndarray, np.ndarray]:
    """Pool positions of members and non-members, (seeds, trials, side) each."""
    order = np.argsort(rng.random((seeds, trials, POOL), np.float32), axis=-1)
    return order[..., :MEMBERS], order[..., MEMBERS : MEMBERS + OTHERS]


def _scores(rng: np.random.Generator, positions: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Standard normal scores: an image's own part (trials, pool) and one of this seed alone."""
    own = images[np.arange(len(images))[:, None], positions]
    noise = rng.standard_normal(positions.shape, np.float32)
    return np.sqrt(SHARED) * own + np.sqrt(1 - SHARED) * noise


def _counts(key: int) -> np.ndarray:
    """(pool, resamples): how often each image of the pool is drawn."""
    (counts,) = resampling.counts(key, (np.arange(POOL),), RESAMPLES)
    return counts.T.astype(np.float32)


def _rate(kind: str, ratio: float, trials: int) -> Drawn:
    mean = RATES[kind]
    spread = np.sqrt(mean * (1 - mean) / MEMBERS)
    values, replicates = _rates(kind, mean, ratio * spread, ratio, trials, 0)
    return Drawn(values, replicates, mean, SHARE)


def _rates(kind, mean, deviation, ratio, trials, side):
    rng, seeds = generator("coverage", kind, str(ratio)), SEEDS[-1]
    images = rng.standard_normal((trials, POOL), np.float32)
    shares = _shares(rng, mean, deviation, (seeds, trials))
    chosen = _sides(rng, seeds, trials)[side]
    counts = _counts(5)
    values = np.empty((seeds, trials))
    replicates = np.empty((seeds, RESAMPLES, trials))
    for seed in range(seeds):
        hits = _scores(rng, chosen[seed], images) < special.ndtri(shares[seed])[:, None]
        values[seed] = hits.mean(axis=1)
        drawn = counts[chosen[seed]]
        total = np.einsum("tnr,tn->tr", drawn, hits.astype(np.float32))
        replicates[seed] = (total / drawn.sum(axis=1)).T
    return values, replicates


def _difference(kind: str, ratio: float, trials: int) -> Drawn:
    """A rate on members less one on non-members, 0.7 - 0.5, each with seeds of its own."""
    spreads = np.sqrt(0.7 * 0.3 / MEMBERS), np.sqrt(0.25 / OTHERS)
    first = _rates(f"{kind} members", 0.7, ratio * spreads[0], ratio, trials, 0)
    second = _rates(f"{kind} others", 0.5, ratio * spreads[1], ratio, trials, 1)
    values, replicates = (a - b for a, b in zip(first, second, strict=True))
    return Drawn(values, replicates, 0.7 - 0.5, DIFFERENCE)


def _mean(kind: str, ratio: float, trials: int) -> Drawn:
    """A mean of skewed values per image, such as a divergence."""
    rng, seeds = generator("coverage", kind, str(ratio)), SEEDS[-1]
    images = rng.standard_normal((trials, POOL), np.float32)
    chosen = _sides(rng, seeds, trials)[0]
    counts = _counts(6)
    values = np.empty((seeds, trials))
    replicates = np.empty((seeds, RESAMPLES, trials))
    scale = 0.8
    truth = np.exp(scale**2 / 2)
    spread = truth * np.sqrt(np.expm1(scale**2) / MEMBERS)
    for seed in range(seeds):
        shift = ratio * spread * rng.standard_normal(trials)
        each = np.exp(scale * _scores(rng, chosen[seed], images)) + shift[:, None]
        values[seed] = each.mean(axis=1)
        drawn = counts[chosen[seed]]
        replicates[seed] = (np.einsum("tnr,tn->tr", drawn, each) / drawn.sum(axis=1)).T
    return Drawn(values, replicates, float(truth), None)


def _ranking(kind: str, ratio: float, trials: int) -> Drawn:
    """AUC, or TPR at a fixed FPR, of normal scores whose members lie higher."""
    rng, seeds = generator("coverage", kind, str(ratio)), SEEDS[-1]
    mean, area = RANKINGS[kind], kind.startswith("AUC")
    images = rng.standard_normal((trials, POOL), np.float32)
    members, others = _sides(rng, seeds, trials)
    deviation = ratio * (_deviation(mean) if area else np.sqrt(mean * (1 - mean) / MEMBERS))
    shares = _shares(rng, mean, deviation, (seeds, trials))
    # What members are shifted by to have this area, or this rate beyond the threshold.
    shift = np.sqrt(2) * special.ndtri(shares)
    if not area:
        shift = special.ndtri(shares) - special.ndtri(FPR)
    figure, counts = (_area if area else _rate_beyond), _counts(7)
    values = np.empty((seeds, trials))
    replicates = np.empty((seeds, RESAMPLES, trials))
    ones = np.ones((1, POOL, 1), np.float32)
    for seed in range(seeds):
        inside = _scores(rng, members[seed], images) + shift[seed][:, None].astype(np.float32)
        outside = _scores(rng, others[seed], images)
        for start in range(0, trials, 50):
            part = slice(start, start + 50)
            sides = (inside[part], outside[part])
            places = (members[seed, part], others[seed, part])
            values[seed, part] = figure(*sides, *(ones[0][p] for p in places))[:, 0]
            replicates[seed][:, part] = figure(*sides, *(counts[p] for p in places)).T
    return Drawn(values, replicates, mean, SHARE)


def _deviation(area: float) -> float:
    """The standard deviation of an AUC by Hanley and McNeil 1982."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    squares = (MEMBERS - 1) * (first - area**2) + (OTHERS - 1) * (second - area**2)
    return np.sqrt((area * (1 - area) + squares) / (MEMBERS * OTHERS))


def _area(inside, outside, first, second) -> np.ndarray:
    """AUC (trials, resamples) of scores (trials, side) with counts (trials, side, resamples)."""
    wins = (inside[:, :, None] > outside[:, None, :]).astype(np.float32)
    won = np.einsum("tmr,tmr->tr", first, np.matmul(wins, second))
    return won / (first.sum(axis=1) * second.sum(axis=1))


def _rate_beyond(inside, outside, first, second) -> np.ndarray:
    """TPR where at most the nominal number of non-members pass, see `qmu.metrics.roc`."""
    order = np.argsort(-outside, axis=1)
    passed = np.cumsum(np.take_along_axis(second, order[..., None], axis=1), axis=1)
    # The first non-member that may not pass is the threshold.
    limit = np.argmax(passed > np.floor(FPR * OTHERS + 1e-9), axis=1)
    level = np.take_along_axis(np.take_along_axis(outside, order, axis=1), limit, axis=1)
    above = inside[:, :, None] > level[:, None, :]
    return np.sum(first * above, axis=1) / first.sum(axis=1)


def _plain(kind: str, ratio: float, trials: int) -> Drawn:
    """A figure without a sampling error of its own, such as a ratio of relearning times."""
    rng = generator("coverage", kind)
    shape = (SEEDS[-1], trials * 10)
    if kind.endswith("skewed"):
        scale = 0.3
        return Drawn(np.exp(scale * rng.normal(size=shape)), None, np.exp(scale**2 / 2), None)
    return Drawn(rng.normal(1, 0.2, shape), None, 1.0, None)


RATES = {"rate of 0.05": 0.05, "rate of 0.3": 0.3, "rate of 0.8": 0.8}
RANKINGS = {"AUC of 0.55": 0.55, "AUC of 0.7": 0.7, "TPR of 0.3 at 2% FPR": 0.3}
KINDS = {
    **dict.fromkeys(RATES, _rate),
    **dict.fromkeys(RANKINGS, _ranking),
    "difference of rates": _difference,
    "mean of a distance": _mean,
    "no error of its own": _plain,
    "no error of its own, skewed": _plain,
}


def _divergences(pair: Worlds) -> np.ndarray:
    return klom.divergence(pair, 10, 1e-5)


def _points(pair: Worlds) -> np.ndarray:
    return forget_quality.image_points(pair, forget_quality.Config())


FLEET_KINDS = {
    "KLoM, no shift": (_divergences, 0.0),
    "KLoM, shift 1": (_divergences, 1.0),
    "forget quality, shift 1": (_points, 1.0),
}
