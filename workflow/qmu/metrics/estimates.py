"""A measured figure with what its interval needs, within one seed and over seeds.

An estimate carries bootstrap replicates over its images and the images' ids. Replicates of figures
on the same images belong together one by one (see `resampling`), so that over seeds the share of
the spread that they have in common is known (`intervals.over_seeds`). Rates keep their counts:
their interval also holds the exact interval of the pooled counts, in which an image counts once
however many seeds judge it, so that 0 of n never looks certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import intervals, resampling
from .intervals import Interval, clopper_pearson, newcombe, percentile, union
from .resampling import Images
from .roc import Roc

Count = tuple[float, float]

SHARE = (0.0, 1.0)
DIFFERENCE = (-1.0, 1.0)


@dataclass(frozen=True)
class Estimate:
    """``value``; ``n`` examples (or None); ``interval`` or None; ``replicates`` (resamples,), or
    (1,) for what is not resampled; ``counts``: (successes, n) of a rate, two for a difference.

    ``images``: the ids of what ``n`` counts, empty where they are not known; ``sides`` those behind
    each of ``counts``. ``limits``: between which the value must lie.
    """

    value: float
    n: int | None
    interval: Interval | None
    replicates: np.ndarray
    counts: tuple[Count, ...] = ()
    images: Images = ()
    sides: Images = ()
    limits: Interval | None = None


def plain(value: float, n: int | None = None) -> Estimate:
    """A figure without a sampling error of its own, such as a cost."""
    return Estimate(float(value), n, None, np.array([float(value)]))


def rate(
    hits: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
    images: np.ndarray | None = None,
) -> Estimate:
    """The share of true ``hits`` (n,), with its Clopper-Pearson interval.

    Here and below: figures on the same ``images`` (n,), drawn from equal generators, are resampled
    alike; without ids the images are taken for those of this figure alone.
    """
    n, k = len(hits), int(np.sum(hits))
    replicates = resampling.means(resampling.key(rng), _ids(images, n), hits, resamples)
    interval = clopper_pearson(k, n, confidence)
    ids = _known(images)
    return Estimate(k / n, n, interval, replicates, ((k, n),), ids, ids, SHARE)


def difference(
    first: np.ndarray,
    second: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
    images: Images = (),
) -> Estimate:
    """Rate of ``first`` minus rate of ``second``; the interval holds both the bootstrap's and
    Newcombe's from Clopper-Pearson limits. ``images``: ids of both sides."""
    counts = tuple((int(np.sum(hits)), len(hits)) for hits in (first, second))
    key = resampling.key(rng)
    drawn = [
        resampling.means(key, ids, hits, resamples)
        for hits, ids in zip(
            (first, second), images or resampling.numbered(first, second), strict=True
        )
    ]
    replicates = drawn[0] - drawn[1]
    interval = union(percentile(replicates, confidence), newcombe(*counts, confidence))
    value = counts[0][0] / counts[0][1] - counts[1][0] / counts[1][1]
    n = len(first) + len(second)
    return Estimate(value, n, interval, replicates, counts, images, images, DIFFERENCE)


def mean(
    values: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
    images: np.ndarray | None = None,
) -> Estimate:
    """The mean of per-example values (n,), with its percentile bootstrap interval."""
    n = len(values)
    replicates = resampling.means(resampling.key(rng), _ids(images, n), values, resamples)
    interval = percentile(replicates, confidence)
    return Estimate(float(values.mean()), n, interval, replicates, images=_known(images))


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray],
    n: int,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
    share: bool = False,
    images: np.ndarray | None = None,
    models: np.ndarray | None = None,
) -> Estimate:
    """Any ``statistic`` of n examples, from weights (rows, n) that sum to one, (rows,).

    A statistic that is a ``share`` shows no spread at 0 or 1; there the interval also holds that
    of 0 or n successes among n. ``models`` (groups,) are the statistic's values without each group
    of a fleet's models in turn: replicates then spread over models as well (see `of_models`).
    """
    value = float(statistic(np.full((1, n), 1 / n))[0])
    replicates = np.empty(resamples)
    weights = resampling.weights(resampling.key(rng), _ids(images, n), resamples)
    for start in range(0, resamples, 64):
        replicates[start : start + 64] = statistic(weights[start : start + 64])
    if models is not None:
        replicates = replicates + of_models(models, rng, resamples, confidence)
    # A distance grows by resampling, which can leave its own value below all replicates.
    interval = union(percentile(replicates, confidence), (value, value))
    if share:
        interval = (max(interval[0], 0.0), min(interval[1], 1.0))
        if value in SHARE:
            interval = union(interval, clopper_pearson(int(value) * n, n, confidence))
    limits = SHARE if share else None
    return Estimate(value, n, interval, replicates, images=_known(images), limits=limits)


def of_models(
    models: np.ndarray, rng: np.random.Generator, resamples: int, confidence: float
) -> np.ndarray:
    """Deviations (resamples,) as other models of a fleet would cause, from the values ``models``
    (groups,) of a figure without each group in turn.

    Their variance is the jackknife's over groups (Tukey 1958), drawn as a sum over the groups with
    normal multipliers: figures that rest on the same fleet deviate together. Few groups tell it, so
    it is stretched by Student's quantile over the normal one.
    """
    from scipy import special

    groups, tail = len(models), 1 - (1 - confidence) / 2
    stretch = special.stdtrit(groups - 1, tail) / special.ndtri(tail)
    drawn = rng.spawn(1)[0].normal(size=(resamples, groups))
    return drawn @ (models.mean() - models) * stretch * math.sqrt((groups - 1) / groups)


def _ids(images: np.ndarray | None, n: int) -> np.ndarray:
    return np.arange(n) if images is None else images


def _known(images: np.ndarray | None) -> Images:
    return () if images is None else (images,)


def ranking(
    members: np.ndarray,
    others: np.ndarray,
    fprs: tuple[float, ...],
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
    images: Images = (),
) -> list[Estimate]:
    """The AUC of scores, then the TPR at each of ``fprs``: NaN without interval where not
    resolvable. ``n`` of a TPR counts the non-members, which limit what can be resolved.
    ``images``: ids of the members and of the non-members."""
    roc = Roc(members, others)
    resolved = tuple(fpr for fpr in fprs if roc.resolves(fpr))
    drawn = roc.replicates(rng, resamples, resolved, images)
    interval = roc.auc_interval(drawn[0], confidence)
    count = len(members) + len(others)
    figures = [Estimate(roc.auc, count, interval, drawn[0], images=images, limits=SHARE)]
    for fpr in fprs:
        if fpr not in resolved:
            figures.append(replace(plain(math.nan, len(others)), images=images[1:]))
            continue
        value, replicates = roc.tpr_at_fpr(fpr), drawn[1 + resolved.index(fpr)]
        hits = (round(value * len(members)), len(members))
        interval = union(percentile(replicates, confidence), clopper_pearson(*hits, confidence))
        figures.append(
            Estimate(
                value,
                len(others),
                interval,
                replicates,
                (hits,),
                images=images[1:],
                sides=images[:1],
                limits=SHARE,
            )
        )
    return figures


def over_seeds(estimates: Sequence[Estimate], confidence: float) -> Estimate:
    """The mean over seeds with the interval of `intervals.over_seeds`, for one seed its own.

    ``n`` counts distinct images, all examples where images are not known, or the seeds where a
    figure has none. No interval where a value is not finite, or for one seed's cost. The replicates
    are those of the mean, over images alone.
    """
    values = np.array([estimate.value for estimate in estimates])
    images = _sides([estimate.images for estimate in estimates])
    n = _examples(estimates, images)
    if not np.all(np.isfinite(values)):
        return replace(plain(_non_finite(values), n), images=images)
    if len(values) == 1:
        return replace(estimates[0], n=n)
    drawn = [estimate.replicates for estimate in estimates]
    replicates = np.stack(drawn) if min(map(len, drawn)) > 1 else None
    limits = estimates[0].limits
    low, high = intervals.over_seeds(values, replicates, confidence, limits)
    value = float(np.mean(values))
    sides = _sides([estimate.sides for estimate in estimates])
    counts = _pooled([estimate.counts for estimate in estimates], sides)
    found = [(float(low), float(high)), *_exact(counts, confidence)]
    own = [estimate.interval for estimate in estimates if estimate.interval is not None]
    if own and not counts and np.ptp(values) == 0 and not np.ptp(replicates):
        # Replicates without spread, as at an AUC of 1, are no certainty: each seed's own interval
        # knows better.
        found.append((float(np.mean([i[0] for i in own])), float(np.mean([i[1] for i in own]))))
    means = np.array([value]) if replicates is None else replicates.mean(axis=0)
    return Estimate(value, n, union(*found), means, counts, images, sides, limits)


def _non_finite(values: np.ndarray) -> float:
    return math.nan if np.isnan(values).any() else float(values[np.isinf(values)][0])


def _sides(images: list[Images]) -> Images:
    """The distinct ids on each side over all seeds; empty where a seed's are not known."""
    if not all(images):
        return ()
    return tuple(np.unique(np.concatenate(side)) for side in zip(*images, strict=True))


def _examples(estimates: Sequence[Estimate], images: Images) -> int:
    if images:
        return len(np.unique(np.concatenate(images)))
    sizes = [estimate.n for estimate in estimates if estimate.n is not None]
    return sum(sizes) if len(sizes) == len(estimates) else len(estimates)


def _pooled(counts: list[tuple[Count, ...]], sides: Images) -> tuple[Count, ...]:
    """Successes and trials of all seeds together; an image that several seeds judge is one trial,
    a success by the share of the judgements that are."""
    found = []
    for number, column in enumerate(zip(*counts, strict=True)):
        hits, trials = (sum(part) for part in zip(*column, strict=True))
        distinct = len(sides[number]) if sides else trials
        found.append((hits * distinct / trials, distinct))
    return tuple(found)


def _exact(pooled: tuple[Count, ...], confidence: float) -> list[Interval]:
    if len(pooled) == 1:
        return [clopper_pearson(*pooled[0], confidence)]
    return [newcombe(*pooled, confidence)] if pooled else []
