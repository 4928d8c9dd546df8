"""Gaussian models of a sample's confidence over many trained models, the core of LiRA.

Source: Carlini et al. 2022, "Membership inference attacks from first principles"
(arXiv:2112.03570): the logit-scaled confidence of the label is nearly normal over models that saw
a sample and over those that did not. With few models a variance of its own per sample is too
noisy, so it is pooled, here over the samples of one class: after unlearning the forget class
spreads differently from the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu import losses

# Confidences beyond this are cut: exp(100) odds say nothing more, and a masked class has -inf.
CLIP = 100.0
# Fewest models per sample for a variance of its own (Carlini et al., appendix).
FEW = 64
# Smallest standard deviation: a constant confidence must not give infinite evidence.
SMALLEST = 1e-3


def logit_confidence(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`losses.logit_scaled_confidence` in float64, cut at +-`CLIP`; 0 where it is not defined.

    ``logits`` (..., n, classes), ``labels`` (n,) int; (..., n) float64. Raises ValueError for NaN
    or +inf.
    """
    logits = np.asarray(logits, np.float64)
    if np.isnan(logits).any() or np.isposinf(logits).any():
        raise ValueError("logits must be finite or minus infinity")
    with np.errstate(divide="ignore", invalid="ignore"):
        phi = losses.logit_scaled_confidence(logits, np.asarray(labels), np)
    return np.clip(np.nan_to_num(phi, nan=0.0, posinf=CLIP, neginf=-CLIP), -CLIP, CLIP)


@dataclass(frozen=True)
class Gaussians:
    """Mean and standard deviation per sample, (n,) each; NaN where no model tells of them."""

    mean: np.ndarray
    deviation: np.ndarray

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """log N(value; mean, deviation) of (..., n) values."""
        return -0.5 * self.scaled(values) ** 2 - np.log(self.deviation) - 0.5 * np.log(2 * np.pi)

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Standard deviations above the mean, of (..., n) values."""
        return (values - self.mean) / self.deviation


def log_ratio(values: np.ndarray, first: Gaussians, second: Gaussians) -> np.ndarray:
    """log N(value; first) - log N(value; second) of (..., n) values: evidence for ``first``.

    Zero, no evidence either way, for a sample of which one side knows nothing (NaN).
    """
    evidence = first.log_density(values) - second.log_density(values)
    return np.where(np.isnan(evidence), 0.0, evidence)


def fit(values: np.ndarray, chosen: np.ndarray, group: np.ndarray, few: int = FEW) -> Gaussians:
    """Gaussians of ``values`` (models, n) over the models ``chosen`` (models, n) bool.

    A sample with fewer than ``few`` chosen models takes the variance pooled over its ``group``
    (n,): the mean squared deviation from each sample's own mean, by degrees of freedom. Where no
    sample of the group has two models, over all samples. A sample without any chosen model is
    known as one of its group only: mean and variance of all the group's values, between samples
    included. NaN where even that is missing: no model at all in the group, or never two models.
    """
    count = chosen.sum(axis=0)
    total = np.where(chosen, values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    squares = np.where(chosen, (values - np.where(count > 0, mean, 0.0)) ** 2, 0.0).sum(axis=0)
    variance = np.divide(squares, count - 1, out=np.full(len(count), np.nan), where=count > 1)
    freedom = np.maximum(count - 1, 0)
    everywhere = squares.sum() / freedom.sum() if freedom.any() else np.nan
    for name in np.unique(group):
        rows = group == name
        own = squares[rows].sum() / freedom[rows].sum() if freedom[rows].any() else everywhere
        variance[rows & (count < few)] = own
        missing = rows & (count == 0)
        if missing.any() and count[rows].any():
            known = values[:, rows][chosen[:, rows]]
            mean[missing] = known.mean()
            variance[missing] = max(own, known.var(ddof=1)) if len(known) > 1 else own
    return Gaussians(mean, np.maximum(np.sqrt(variance), SMALLEST))
