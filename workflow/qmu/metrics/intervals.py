"""Confidence intervals of rates, of differences of rates, and of means over seeds.

Sources: Clopper and Pearson 1934 (Biometrika 26) for one rate; Newcombe 1998 (Statistics in
Medicine 17) for the difference of two independent rates, here from Clopper-Pearson limits; Student
1908 and, for what has limits, the score interval of Wilson 1927 for a mean over seeds.
"""

from __future__ import annotations

import numpy as np

Interval = tuple[float, float]


def clopper_pearson(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """The exact interval of a binomial rate; (0, 1) for n = 0. Raises ValueError off 0 to n.

    Successes need not be whole: those of several judgements of one image count by their share.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    # Planning a run loads components, and they this module; SciPy is for those who compute.
    from scipy import special

    tail = (1 - confidence) / 2
    low = special.betaincinv(successes, n - successes + 1, tail) if successes else 0.0
    high = special.betaincinv(successes + 1, n - successes, 1 - tail) if successes < n else 1.0
    return float(low), float(high)


def newcombe(
    first: tuple[float, float], second: tuple[float, float], confidence: float = 0.95
) -> Interval:
    """Interval of p1 - p2 from (successes, n) of each; never of zero width, unlike a bootstrap."""
    limits = [clopper_pearson(k, n, confidence) for k, n in (first, second)]
    low, high = square_and_add(first[0] / first[1], limits[0], second[0] / second[1], limits[1])
    return max(-1.0, low), min(1.0, high)


def square_and_add(first: float, own: Interval, second: float, other: Interval) -> Interval:
    """Interval of ``first`` - ``second`` from those of the two, taken as independent (Zou and
    Donner 2008, Statistics in Medicine 27); conservative for figures of the same images."""
    below = float(np.hypot(first - own[0], other[1] - second))
    above = float(np.hypot(own[1] - first, second - other[0]))
    return first - second - below, first - second + above


def percentile(replicates: np.ndarray, confidence: float = 0.95) -> Interval:
    """The percentile bootstrap interval of replicates (resamples,)."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return float(low), float(high)


def student(values: np.ndarray, confidence: float = 0.95) -> Interval:
    """Interval of the mean of independent ``values`` (n,), n >= 2, by Student's t."""
    from scipy import special

    count = len(values)
    error = float(np.std(values, ddof=1)) / np.sqrt(count)
    arm = float(special.stdtrit(count - 1, 1 - (1 - confidence) / 2)) * error
    mean = float(np.mean(values))
    return float(mean - arm), float(mean + arm)


def union(*intervals: Interval) -> Interval:
    """The smallest interval that holds all of them."""
    return min(low for low, _ in intervals), max(high for _, high in intervals)


def over_seeds(
    values: np.ndarray,
    replicates: np.ndarray | None,
    confidence: float = 0.95,
    limits: Interval | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the mean over seeds, (...) each, of ``values`` (S, ...) for S of two or more.

    ``replicates`` (S, resamples, ...) are bootstrap replicates over images; None for figures
    without a sampling error of their own. Two sources of spread are kept apart:

    * what differs from seed to seed, training and images drawn anew: the variance of the values
      over S, judged by Student's t with S - 1 degrees of freedom, for it is known from S values;
    * what seeds share because they rest on the same images: the covariance of their replicates,
      where those are drawn image by image (see `resampling`). The values do not show it. It is
      judged by the normal distribution, for it is known from many images.

    The squares of the two arms add up. The arm is never shorter than that of the images alone, so
    that three values which happen to agree do not hide what each of them is uncertain of. Between
    ``limits`` the interval also holds Wilson's, whose spread falls towards the limits as that of a
    rate does: it bends where values near a limit are skewed.
    """
    from scipy import special

    count, tail = len(values), 1 - (1 - confidence) / 2
    normal, student = special.ndtri(tail), special.stdtrit(count - 1, tail)
    mean = np.mean(values, axis=0)
    own = np.var(values, axis=0, ddof=1) / count
    images = shared = np.zeros_like(mean)
    if replicates is not None:
        centred = replicates - replicates.mean(axis=1, keepdims=True)
        images = np.mean(centred.mean(axis=0) ** 2, axis=0)
        apart = np.mean(np.var(centred, axis=0, ddof=1), axis=0) / count
        shared = np.maximum(images - apart, 0.0)
    arm = np.sqrt(np.maximum(student**2 * own + normal**2 * shared, normal**2 * images))
    low, high = mean - arm, mean + arm
    if limits is None:
        return low, high
    bent = _wilson(mean, arm, limits)
    return (
        np.clip(np.minimum(low, bent[0]), *limits),
        np.clip(np.maximum(high, bent[1]), *limits),
    )


def _wilson(mean: np.ndarray, arm: np.ndarray, limits: Interval) -> tuple[np.ndarray, np.ndarray]:
    """Where (mean - p)^2 equals the squared arm at p, which is that at the mean times
    p (1 - p) / (mean (1 - mean)), p on the scale from the lower to the upper limit."""
    low, width = limits[0], limits[1] - limits[0]
    share, squared = (mean - low) / width, (arm / width) ** 2
    variance = share * (1 - share)
    ratio = np.divide(squared, variance, out=np.zeros_like(mean), where=variance > 0)
    middle = (share + ratio / 2) / (1 + ratio)
    half = np.sqrt(ratio * variance + ratio**2 / 4) / (1 + ratio)
    return low + width * (middle - half), low + width * (middle + half)
