"""A measured figure with what its interval needs, within one seed and over seeds.

An estimate carries bootstrap replicates over examples. Over seeds, the hierarchical bootstrap
(Davison and Hinkley 1997, section 3.8) draws seeds with replacement and, within each drawn seed,
one replicate. Rates keep their counts: their interval also holds the exact interval of the pooled
counts, so that 0 of n never looks certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .intervals import Interval, clopper_pearson, newcombe, percentile, union
from .roc import Roc

Count = tuple[int, int]


@dataclass(frozen=True)
class Estimate:
    """``value``; ``n`` examples (or None); ``interval`` or None; ``replicates`` (resamples,), or
    (1,) for what is not resampled; ``counts``: (successes, n) of a rate, two for a difference."""

    value: float
    n: int | None
    interval: Interval | None
    replicates: np.ndarray
    counts: tuple[Count, ...] = ()


def plain(value: float, n: int | None = None) -> Estimate:
    """A figure without a sampling error of its own, such as a cost."""
    return Estimate(float(value), n, None, np.array([float(value)]))


def rate(hits: np.ndarray, rng: np.random.Generator, resamples: int, confidence: float) -> Estimate:
    """The share of true ``hits`` (n,), with its Clopper-Pearson interval."""
    n, k = len(hits), int(np.sum(hits))
    replicates = rng.binomial(n, k / n, resamples) / n
    return Estimate(k / n, n, clopper_pearson(k, n, confidence), replicates, ((k, n),))


def difference(
    first: np.ndarray,
    second: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
) -> Estimate:
    """Rate of ``first`` minus rate of ``second``; the interval holds both the bootstrap's and
    Newcombe's from Clopper-Pearson limits."""
    counts = tuple((int(np.sum(hits)), len(hits)) for hits in (first, second))
    drawn = [rng.binomial(n, k / n, resamples) / n for k, n in counts]
    replicates = drawn[0] - drawn[1]
    interval = union(percentile(replicates, confidence), newcombe(*counts, confidence))
    value = counts[0][0] / counts[0][1] - counts[1][0] / counts[1][1]
    return Estimate(value, len(first) + len(second), interval, replicates, counts)


def mean(
    values: np.ndarray, rng: np.random.Generator, resamples: int, confidence: float
) -> Estimate:
    """The mean of per-example values (n,), with its percentile bootstrap interval."""
    n = len(values)
    replicates = np.empty(resamples)
    for start in range(0, resamples, 64):
        rows = min(64, resamples - start)
        replicates[start : start + rows] = values[rng.integers(0, n, (rows, n))].mean(axis=1)
    return Estimate(float(values.mean()), n, percentile(replicates, confidence), replicates)


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray],
    n: int,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
    share: bool = False,
) -> Estimate:
    """Any ``statistic`` of n examples, from weights (rows, n) that sum to one, (rows,).

    A statistic that is a ``share`` shows no spread at 0 or 1; there the interval also holds that
    of 0 or n successes among n.
    """
    value = float(statistic(np.full((1, n), 1 / n))[0])
    replicates = np.empty(resamples)
    for start in range(0, resamples, 64):
        rows = min(64, resamples - start)
        drawn = rng.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        replicates[start : start + rows] = statistic(counts / n)
    # A distance grows by resampling, which can leave its own value below all replicates.
    interval = union(percentile(replicates, confidence), (value, value))
    if share and value in (0.0, 1.0):
        interval = union(interval, clopper_pearson(int(value) * n, n, confidence))
    return Estimate(value, n, interval, replicates)


def ranking(
    members: np.ndarray,
    others: np.ndarray,
    fprs: tuple[float, ...],
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
) -> list[Estimate]:
    """The AUC of scores, then the TPR at each of ``fprs``: NaN without interval where not
    resolvable. ``n`` of a TPR counts the non-members, which limit what can be resolved."""
    roc = Roc(members, others)
    resolved = tuple(fpr for fpr in fprs if roc.resolves(fpr))
    drawn = roc.replicates(rng, resamples, resolved)
    count = len(members) + len(others)
    figures = [Estimate(roc.auc, count, roc.auc_interval(drawn[0], confidence), drawn[0])]
    for fpr in fprs:
        if fpr not in resolved:
            figures.append(plain(math.nan, len(others)))
            continue
        value, replicates = roc.tpr_at_fpr(fpr), drawn[1 + resolved.index(fpr)]
        hits = (round(value * len(members)), len(members))
        interval = union(percentile(replicates, confidence), clopper_pearson(*hits, confidence))
        figures.append(Estimate(value, len(others), interval, replicates, (hits,)))
    return figures


def over_seeds(
    estimates: Sequence[Estimate], rng: np.random.Generator, resamples: int, confidence: float
) -> Estimate:
    """The mean over seeds with its hierarchical interval; ``n`` counts all examples, or the seeds
    where a figure has none. No interval where a value is not finite, or for one seed's cost."""
    values = np.array([estimate.value for estimate in estimates])
    sizes = [estimate.n for estimate in estimates if estimate.n is not None]
    n = sum(sizes) if len(sizes) == len(values) else len(values)
    if not np.all(np.isfinite(values)):
        return plain(_non_finite(values), n)
    value = float(np.mean(values))
    if len(values) == 1 and estimates[0].interval is None:
        return plain(value, n)
    pooled = tuple(
        (sum(k for k, _ in column), sum(size for _, size in column))
        for column in zip(*(estimate.counts for estimate in estimates), strict=True)
    )
    replicates = np.empty((resamples, len(values)))
    seed = rng.integers(0, len(values), replicates.shape)
    for number, estimate in enumerate(estimates):
        drawn = rng.integers(0, len(estimate.replicates), replicates.shape)
        replicates = np.where(seed == number, estimate.replicates[drawn], replicates)
    means = replicates.mean(axis=1)
    intervals = [percentile(means, confidence), *_pooled_intervals(pooled, confidence)]
    own = [estimate.interval for estimate in estimates if estimate.interval is not None]
    if own and (len(own) == 1 or (not pooled and np.ptp(means) == 0)):
        # Replicates without spread, as at an AUC of 1, are no certainty: each seed's own interval
        # knows better.
        intervals.append((float(np.mean([i[0] for i in own])), float(np.mean([i[1] for i in own]))))
    return Estimate(value, n, union(*intervals), means, pooled)


def _non_finite(values: np.ndarray) -> float:
    return math.nan if np.isnan(values).any() else float(values[np.isinf(values)][0])


def _pooled_intervals(pooled: tuple[Count, ...], confidence: float) -> list[Interval]:
    if len(pooled) == 1:
        return [clopper_pearson(*pooled[0], confidence)]
    return [newcombe(*pooled, confidence)] if pooled else []
