"""Whether a model differs from retrained ones by more than these differ among themselves.

The null hypothesis is that the audited model of every seed is one more retrained model. With seeds
s = 1..S and R retrained models in each, audited on the same images, d_s is the audited value minus
the mean of the retrained ones. Let sigma^2 be the variance within seeds, pooled, with S (R - 1)
degrees of freedom. Under the null the mean of d_s is sigma sqrt((1 + 1/R) / S) times a Student t of
as many degrees, and any one d_s is sigma sqrt(1 + 1/R) times one (Student 1908; two-way layout,
Scheffe 1959, chapter 4). The images are conditioned on: they are the same on both sides, and so are
the seed's members, which cancels what is common to them.

The worst seed is judged by Bonferroni's correction over seeds. Where counts are small, a rate is
skewed and the normal theory too sure of a single seed; there Fisher's exact test of that seed's
counts has to agree.

Retrained models may all read the same because an attack gives all images one score: an AUC of 0.5
exactly. That says nothing of how far a model lies whose scores differ, and the spread of an AUC
over images takes its place (Mann and Whitney 1947).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

UNKNOWN = math.nan
# Smallest sigma in steps of the figure: half a step, so that models which all show the same count
# are not taken for models that could show no other.
FEWEST_STEPS = 0.5
# How far from a whole number of steps a rate may lie by rounding.
ROUNDING = 1e-6

Side = Literal["either", "above", "below"]


@dataclass(frozen=True)
class Comparison:
    """``difference``: the mean over seeds, with limits ``low`` and ``high`` at the confidence asked
    for, and its two-sided ``p_value``; ``worst_difference`` and ``worst_p`` (two-sided, corrected
    for the number of seeds) of the seed at position ``worst``; ``sigma``: the standard deviation of
    one model, with ``dof`` degrees of freedom. What is not known is NaN, and ``dof`` 0."""

    difference: float
    low: float
    high: float
    p_value: float
    worst_difference: float
    worst_p: float
    sigma: float
    dof: int
    worst: int = -1

    @property
    def known(self) -> bool:
        """Whether there was enough to compare."""
        return not math.isnan(self.p_value)


def against_retrained(
    values: np.ndarray,
    retrained: np.ndarray,
    step: float = 0.0,
    confidence: float = 0.95,
    side: Side = "either",
    tied: float = 0.0,
    moved: float = 0.0,
) -> Comparison:
    """One figure of S audited models, ``values`` (S,), against ``retrained`` (S, R).

    ``step`` is the smallest step that the figure can take, 1/n for a rate over n images; 0 for a
    figure without steps. ``tied``: what the figure varies by where its images alone vary; it stands
    for the spread of a seed whose retrained models all read the same. ``moved``: how far changes
    that do not count move the figure, in all seeds alike perhaps: no number of them makes it
    smaller. ``side``: which seed is the worst, the farthest above or below the
    retrained models or the farthest of all. Unknown, with the difference alone where it is finite,
    for R = 1, for a value that is missing, and where retrained models agree to the last digit
    though no step is given. Raises ValueError for shapes that do not fit.
    """
    values, retrained = np.asarray(values, float), np.asarray(retrained, float)
    if retrained.ndim != 2 or values.shape != retrained.shape[:1]:
        raise ValueError(f"{values.shape} values beside {retrained.shape} of retrained models")
    seeds, models = retrained.shape
    if not seeds or not models or not (np.isfinite(values).all() and np.isfinite(retrained).all()):
        return _unknown(np.full(max(seeds, 1), UNKNOWN), side)
    apart = values - retrained.mean(axis=1)
    dof = seeds * (models - 1)
    if not dof:
        return _unknown(apart, side)
    within = retrained - retrained.mean(axis=1, keepdims=True)
    alike = np.abs(within).max(axis=1) <= 1e-12 * np.abs(retrained).max()
    squares = np.sum(within**2) + (models - 1) * tied**2 * np.sum(alike)
    sigma = max(math.sqrt(float(squares) / dof), FEWEST_STEPS * step)
    # Means of equal numbers differ from them in the last digit.
    if sigma <= 1e-12 * float(np.abs(retrained).max()):
        return _unknown(apart, side)
    one = sigma * math.sqrt(1 + 1 / models)
    found = _by_t(apart, math.hypot(one / math.sqrt(seeds), moved), dof, confidence)
    one = math.hypot(one, moved)
    worst = _worst(apart, side)
    p = _two_sided(apart[worst], one, dof)
    if step:
        p = max(p, _fisher(values[worst], retrained[worst], step))
    return Comparison(*found, float(apart[worst]), min(1.0, seeds * p), sigma, dof, worst)


def paired(first: np.ndarray, second: np.ndarray, confidence: float = 0.95) -> Comparison:
    """One figure of two variants over the same seeds and images, (S,) each: ``first`` - ``second``.

    Student's t of the differences, with S - 1 degrees of freedom; ``sigma`` is their standard
    deviation. The worst seed is the farthest; one difference tells nothing of how far another
    would lie, so its p-value stays unknown. Unknown for one seed, for a missing value, and where
    differences that are not zero do not vary at all. Raises ValueError for shapes that differ.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    apart = first - second
    finite = np.isfinite(apart).all()
    sigma = float(np.std(apart, ddof=1)) if len(apart) > 1 and finite else UNKNOWN
    if math.isnan(sigma) or (sigma == 0 and apart[0] != 0):
        return _unknown(apart if finite and len(apart) else np.array([UNKNOWN]), "either")
    dof, worst = len(apart) - 1, _worst(apart, "either")
    found = _by_t(apart, sigma / math.sqrt(len(apart)), dof, confidence)
    return Comparison(*found, float(apart[worst]), UNKNOWN, sigma, dof, worst)


def _unknown(apart: np.ndarray, side: Side) -> Comparison:
    if np.isnan(apart).any():
        return Comparison(*[UNKNOWN] * 7, 0)
    worst = _worst(apart, side)
    limits = (UNKNOWN, UNKNOWN, UNKNOWN)
    return Comparison(float(apart.mean()), *limits, float(apart[worst]), UNKNOWN, UNKNOWN, 0, worst)


def _worst(apart: np.ndarray, side: Side) -> int:
    sizes = {"either": np.abs(apart), "above": apart, "below": -apart}
    return int(np.argmax(sizes[side]))


def _by_t(
    apart: np.ndarray, error: float, dof: int, confidence: float
) -> tuple[float, float, float, float]:
    """Mean, its limits and p-value from its standard error."""
    # Planning a run loads components, and they the metrics; SciPy is for those who compute.
    from scipy import special

    mean = float(apart.mean())
    arm = float(special.stdtrit(dof, 1 - (1 - confidence) / 2)) * error
    return mean, mean - arm, mean + arm, _two_sided(mean, error, dof)


def _two_sided(difference: float, error: float, dof: int) -> float:
    from scipy import special

    # Without any error nothing differs: callers give what would else be certain as unknown.
    return float(2 * special.stdtr(dof, -abs(difference) / error)) if error else 1.0


def _fisher(value: float, retrained: np.ndarray, step: float) -> float:
    """Fisher's exact test (mid-p, two-sided by doubling) of one model's count against those of the
    retrained models together; 0, no objection, for a figure that is no share of 1/step images."""
    from scipy import special

    counts = np.append(retrained, value) / step
    whole, size = np.rint(counts), round(1 / step)
    if np.abs(counts - whole).max() > ROUNDING or whole.min() < 0 or whole.max() > size:
        return 0.0
    hits, total, others = int(whole[-1]), int(whole.sum()), size * len(retrained)
    inside = np.arange(max(0, total - others), min(size, total) + 1)

    def log_choose(n: int, k: np.ndarray) -> np.ndarray:
        return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)

    logs = log_choose(size, inside) + log_choose(others, total - inside)
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    same = chance[inside == hits].sum() / 2
    below, above = (chance[beyond].sum() + same for beyond in (inside < hits, inside > hits))
    return min(1.0, 2 * float(min(below, above)))
