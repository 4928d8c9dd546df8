"""AUC and TPR at a fixed FPR of membership scores, with a stratified bootstrap.

Source: Mann and Whitney 1947 for the AUC with ties; Carlini et al. 2022 (arXiv:2112.03570) for
TPR at low FPR. Scores are higher for members; -inf is a score like any other, NaN is an error.
Resampling counts how often each sorted score is drawn, so that a resample costs one cumulative
sum; all sums are of integers, hence exact in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .intervals import Interval, clopper_pearson, percentile, union

CHUNK = 64


@dataclass(frozen=True)
class Roc:
    """Scores of ``members`` (m,) and of ``others`` (n,); ValueError for NaN or an empty side."""

    members: np.ndarray
    others: np.ndarray

    def __post_init__(self) -> None:
        if len(self.members) == 0 or len(self.others) == 0:
            raise ValueError("an ROC curve needs members and non-members")
        if np.isnan(self.members).any() or np.isnan(self.others).any():
            raise ValueError("a membership score is NaN")

    @cached_property
    def _levels(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Number of distinct scores, and the rank of each member's and non-member's among them."""
        values, rank = np.unique(np.concatenate([self.members, self.others]), return_inverse=True)
        return len(values), rank[: len(self.members)], rank[len(self.members) :]

    @cached_property
    def auc(self) -> float:
        """P(member > non-member) + P(equal) / 2."""
        levels, members, others = self._levels
        counts = (np.bincount(ranks, minlength=levels)[None] for ranks in (members, others))
        return float(_auc(*counts)[0])

    def tpr_at_fpr(self, fpr: float) -> float:
        """The share of members above the lowest threshold that at most a share ``fpr`` of
        non-members exceeds; NaN ("not resolvable") with fewer than 1 / fpr non-members."""
        if not self.resolves(fpr):
            return float("nan")
        levels, members, others = self._levels
        counts = (np.bincount(ranks, minlength=levels)[None] for ranks in (members, others))
        return float(_tpr(*counts, fpr)[0])

    def resolves(self, fpr: float) -> bool:
        """Whether there are non-members enough for a false-positive rate to be told from zero."""
        return len(self.others) >= round(1 / fpr)

    def replicates(
        self, rng: np.random.Generator, resamples: int, fprs: tuple[float, ...] = ()
    ) -> np.ndarray:
        """(1 + len(fprs), resamples): AUC, then TPR at each FPR, over resamples of members and of
        non-members. The same draws for every row."""
        levels, members, others = self._levels
        streams = rng.spawn(2)
        rates = np.empty((1 + len(fprs), resamples))
        for start in range(0, resamples, CHUNK):
            rows = min(CHUNK, resamples - start)
            drawn = [
                _counts(stream, ranks, levels, rows)
                for stream, ranks in zip(streams, (members, others), strict=True)
            ]
            columns = slice(start, start + rows)
            rates[0, columns] = _auc(*drawn)
            for number, fpr in enumerate(fprs, 1):
                rates[number, columns] = _tpr(*drawn, fpr)
        return rates

    def curve(self, fprs: np.ndarray) -> np.ndarray:
        """TPR (k,) at each rate of ``fprs`` (k,), by the rule of `tpr_at_fpr`."""
        levels, members, others = self._levels
        counts = (np.bincount(ranks, minlength=levels)[None] for ranks in (members, others))
        return _curves(*counts, fprs)[0]

    def curve_replicates(
        self, rng: np.random.Generator, resamples: int, fprs: np.ndarray
    ) -> np.ndarray:
        """(resamples, k): the curve over resamples of members and of non-members."""
        levels, members, others = self._levels
        streams = rng.spawn(2)
        drawn = [
            _counts(stream, ranks, levels, resamples)
            for stream, ranks in zip(streams, (members, others), strict=True)
        ]
        return _curves(*drawn, fprs)

    def auc_interval(self, replicates: np.ndarray, confidence: float) -> Interval:
        """The percentile interval of AUC replicates; where one side beats the other without
        exception, and resampling shows no spread, that of the min(m, n) disjoint pairs, which are
        independent trials of the AUC."""
        interval = percentile(replicates, confidence)
        if self.auc in (0.0, 1.0):
            pairs = min(len(self.members), len(self.others))
            interval = union(interval, clopper_pearson(int(self.auc) * pairs, pairs, confidence))
        return interval


def auc(members: np.ndarray, others: np.ndarray) -> float:
    """P(member > non-member) + P(equal) / 2 of two sets of scores."""
    return Roc(np.asarray(members), np.asarray(others)).auc


def two_sided(value: float, interval: Interval) -> tuple[float, Interval]:
    """max(AUC, 1 - AUC) and its interval: far below 0.5 is leakage too."""
    low, high = interval
    farthest = max(high, 1 - low)
    nearest = 0.5 if low <= 0.5 <= high else max(low, 1 - high)
    return max(value, 1 - value), (nearest, farthest)


def _counts(rng: np.random.Generator, ranks: np.ndarray, levels: int, rows: int) -> np.ndarray:
    """How often each level is drawn, (rows, levels), drawing len(ranks) with replacement."""
    drawn = ranks[rng.integers(0, len(ranks), (rows, len(ranks)))]
    drawn += levels * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * levels).reshape(rows, levels)


def _auc(members: np.ndarray, others: np.ndarray) -> np.ndarray:
    below = np.cumsum(others, axis=1)
    doubled = np.einsum("rl,rl->r", members, 2 * below - others)
    return doubled / (2 * members[0].sum() * others[0].sum())


def _curves(members: np.ndarray, others: np.ndarray, fprs: np.ndarray) -> np.ndarray:
    """TPR (rows, k) of counts per level (rows, levels): see `_tpr`, for many rates at once."""
    allowed = np.floor(fprs * others[0].sum() + 1e-9)
    false = np.cumsum(others[:, ::-1], axis=1)
    true = np.cumsum(members[:, ::-1], axis=1)
    true = np.concatenate([np.zeros((len(true), 1), true.dtype), true], axis=1)
    places = np.stack([np.searchsorted(row, allowed, side="right") for row in false])
    return np.take_along_axis(true, places, axis=1) / members[0].sum()


def _tpr(members: np.ndarray, others: np.ndarray, fpr: float) -> np.ndarray:
    n = others[0].sum()
    allowed = np.floor(fpr * n + 1e-9)
    above = np.cumsum(others[:, ::-1], axis=1)[:, ::-1]
    return np.sum(members * (above <= allowed), axis=1) / members[0].sum()
