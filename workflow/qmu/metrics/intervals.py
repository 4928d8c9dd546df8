"""Confidence intervals of rates and of differences of rates.

Sources: Clopper and Pearson 1934 (Biometrika 26) for one rate; Newcombe 1998 (Statistics in
Medicine 17) for the difference of two independent rates, here from Clopper-Pearson limits.
"""

from __future__ import annotations

import numpy as np

Interval = tuple[float, float]


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The exact interval of a binomial rate; (0, 1) for n = 0. Raises ValueError off 0 to n."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    # Planning a run loads components, and they this module; SciPy is for those who compute.
    from scipy import special

    tail = (1 - confidence) / 2
    low = special.betaincinv(successes, n - successes + 1, tail) if successes else 0.0
    high = special.betaincinv(successes + 1, n - successes, 1 - tail) if successes < n else 1.0
    return float(low), float(high)


def newcombe(first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95) -> Interval:
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


def union(*intervals: Interval) -> Interval:
    """The smallest interval that holds all of them."""
    return min(low for low, _ in intervals), max(high for _, high in intervals)
