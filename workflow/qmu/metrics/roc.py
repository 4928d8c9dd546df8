"""AUC and TPR at a fixed FPR of membership scores, with a stratified bootstrap.

Source: Mann and Whitney 1947 for the AUC with ties; Carlini et al. 2022 (arXiv:2112.03570) for
TPR at low FPR. Scores are higher for members; -inf is a score like any other, NaN is an error.
A resample is how often each sorted score is drawn (see `resampling`), so that it costs one
cumulative sum; all sums are of integers, hence exact in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import resampling
from .intervals import Interval, clopper_pearson, percentile, union
from .resampling import Images

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
        return float(_tpr(*counts, _allowed(fpr, len(others)))[0])

    def resolves(self, fpr: float) -> bool:
        """Whether there are non-members enough for a false-positive rate to be told from zero."""
        return len(self.others) >= round(1 / fpr)

    def replicates(
        self,
        rng: np.random.Generator,
        resamples: int,
        fprs: tuple[float, ...] = (),
        images: Images = (),
    ) -> np.ndarray:
        """(1 + len(fprs), resamples): AUC, then TPR at each FPR, over resamples of members and of
        non-members, whose ids are ``images``. The same draws for every row."""
        counts = self._counts(rng, resamples, images)
        rates = np.empty((1 + len(fprs), resamples))
        for start in range(0, resamples, CHUNK):
            rows = slice(start, start + CHUNK)
            drawn = self._by_level(*(side[rows] for side in counts))
            rates[0, rows] = _auc(*drawn)
            for number, fpr in enumerate(fprs, 1):
                rates[number, rows] = _tpr(*drawn, _allowed(fpr, len(self.others)))
        return rates

    def _counts(
        self, rng: np.random.Generator, resamples: int, images: Images
    ) -> tuple[np.ndarray, ...]:
        sides = images or resampling.numbered(self.members, self.others)
        return resampling.counts(resampling.key(rng), sides, resamples)

    def _by_level(self, *counts: np.ndarray) -> list[np.ndarray]:
        """How often each level is drawn, (rows, levels), of either side's counts (rows, side)."""
        levels, *sides = self._levels
        found = []
        for ranks, drawn in zip(sides, counts, strict=True):
            order = np.argsort(ranks, kind="stable")
            present, starts = np.unique(ranks[order], return_index=True)
            table = np.zeros((len(drawn), levels), np.int64)
            table[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1, dtype=np.int64)
            found.append(table)
        return found

    def curve(self, fprs: np.ndarray) -> np.ndarray:
        """TPR (k,) at each rate of ``fprs`` (k,), by the rule of `tpr_at_fpr`."""
        levels, members, others = self._levels
        counts = (np.bincount(ranks, minlength=levels)[None] for ranks in (members, others))
        return _curves(*counts, _allowed(fprs, len(others)))[0]

    def curve_replicates(
        self, rng: np.random.Generator, resamples: int, fprs: np.ndarray, images: Images = ()
    ) -> np.ndarray:
        """(resamples, k): the curve over the resamples of `replicates`."""
        drawn = self._by_level(*self._counts(rng, resamples, images))
        return _curves(*drawn, _allowed(fprs, len(self.others)))

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


def _allowed(fprs: float | np.ndarray, others: int) -> np.ndarray:
    """How many of so many non-members a threshold may let pass; a resample may pass as many."""
    return np.floor(np.asarray(fprs) * others + 1e-9)


def _auc(members: np.ndarray, others: np.ndarray) -> np.ndarray:
    below = np.cumsum(others, axis=1)
    doubled = np.einsum("rl,rl->r", members, 2 * below - others)
    return doubled / (2 * members.sum(axis=1) * others.sum(axis=1))


def _curves(members: np.ndarray, others: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """TPR (rows, k) of counts per level (rows, levels): see `_tpr`, for many rates at once."""
    false = np.cumsum(others[:, ::-1], axis=1)
    true = np.cumsum(members[:, ::-1], axis=1)
    true = np.concatenate([np.zeros((len(true), 1), true.dtype), true], axis=1)
    places = np.stack([np.searchsorted(row, allowed, side="right") for row in false])
    return np.take_along_axis(true, places, axis=1) / true[:, -1:]


def _tpr(members: np.ndarray, others: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    above = np.cumsum(others[:, ::-1], axis=1)[:, ::-1]
    return np.sum(members * (above <= allowed), axis=1) / members.sum(axis=1)
