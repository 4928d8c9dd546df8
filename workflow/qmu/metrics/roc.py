"""AUC and TPR at a fixed FPR of membership scores, with a stratified bootstrap.

Source: Mann and Whitney 1947 for the AUC with ties; Carlini et al. 2022 (arXiv:2112.03570) for
TPR at low FPR. Scores are higher for members; -inf is a score like any other, NaN is an error.
A resample is how often each score is drawn (see `resampling`). Scores are sorted once: how many of
the non-members drawn lie below a member is then one cumulative sum for every resample, and all
figures follow from it. All sums are of integers, hence exact in any order.
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
class Drawn:
    """Resamples: how often each holds every member (rows, m), by rising score; how many of its
    non-members score less than that member, and how many at most as much (rows, m); and how many
    there are, ``total`` (rows, 1)."""

    members: np.ndarray
    below: np.ndarray
    up_to: np.ndarray
    total: np.ndarray

    def auc(self) -> np.ndarray:
        """The areas (rows,)."""
        doubled = np.einsum("rm,rm->r", self.members, self.below + self.up_to, dtype=np.int64)
        return doubled / (2 * self._size * self.total[:, 0])

    def tpr(self, allowed: float) -> np.ndarray:
        """The share (rows,) of members that at most ``allowed`` non-members equal or exceed."""
        found = self.below >= self.total - allowed
        return (self.members * found).sum(axis=1, dtype=np.int64) / self._size

    def curves(self, allowed: np.ndarray) -> np.ndarray:
        """`tpr` (rows, k) at each of ``allowed`` (k,)."""
        true = np.zeros((len(self.members), self.members.shape[1] + 1), np.int64)
        np.cumsum(self.members[:, ::-1], axis=1, out=true[:, 1:])
        false = (self.total - self.below)[:, ::-1]
        places = np.stack([np.searchsorted(row, allowed, side="right") for row in false])
        return np.take_along_axis(true, places, axis=1) / true[:, -1:]

    @cached_property
    def _size(self) -> np.ndarray:
        return self.members.sum(axis=1, dtype=np.int64)


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
    def _rising(self) -> tuple[np.ndarray, np.ndarray]:
        """Orders (m,), (n,) in which the scores of either side rise."""
        first, second = (np.argsort(side, kind="stable") for side in (self.members, self.others))
        return first, second

    @cached_property
    def _places(self) -> list[np.ndarray]:
        """How many non-members score less than a member, and how many at most as much, (m,) each,
        by the members' rising score."""
        members, others = self.members[self._rising[0]], self.others[self._rising[1]]
        return [np.searchsorted(others, members, side) for side in ("left", "right")]

    @cached_property
    def _whole(self) -> Drawn:
        """Every score once."""
        return self._drawn(*(np.ones((1, len(side)), int) for side in (self.members, self.others)))

    def _drawn(self, members: np.ndarray, others: np.ndarray) -> Drawn:
        """Resamples, of how often they hold each member (rows, m) and non-member (rows, n), either
        side by rising score."""
        below, up_to = self._places
        sums = np.zeros((len(others), len(self.others) + 1), np.int32)
        np.cumsum(others, axis=1, dtype=np.int32, out=sums[:, 1:])
        drawn = np.ascontiguousarray(members)
        return Drawn(drawn, sums.take(below, axis=1), sums.take(up_to, axis=1), sums[:, -1:])

    @cached_property
    def auc(self) -> float:
        """P(member > non-member) + P(equal) / 2."""
        return float(self._whole.auc()[0])

    def tpr_at_fpr(self, fpr: float) -> float:
        """The share of members above the lowest threshold that at most a share ``fpr`` of
        non-members exceeds; NaN ("not resolvable") with fewer than 1 / fpr non-members."""
        if not self.resolves(fpr):
            return float("nan")
        return float(self._whole.tpr(self._allowed(fpr))[0])

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
            drawn = self._drawn(*(side[rows] for side in counts))
            rates[0, rows] = drawn.auc()
            for number, fpr in enumerate(fprs, 1):
                rates[number, rows] = drawn.tpr(self._allowed(fpr))
        return rates

    def _counts(
        self, rng: np.random.Generator, resamples: int, images: Images
    ) -> tuple[np.ndarray, ...]:
        sides = images or resampling.numbered(self.members, self.others)
        rising = tuple(side[order] for side, order in zip(sides, self._rising, strict=True))
        return resampling.counts(resampling.key(rng), rising, resamples)

    def _allowed(self, fprs: float | np.ndarray) -> np.ndarray:
        """How many non-members a threshold may let pass; a resample may pass as many."""
        return np.floor(np.asarray(fprs) * len(self.others) + 1e-9).astype(np.int32)

    def curve(self, fprs: np.ndarray) -> np.ndarray:
        """TPR (k,) at each rate of ``fprs`` (k,), by the rule of `tpr_at_fpr`."""
        return self._whole.curves(self._allowed(fprs))[0]

    def curve_replicates(
        self, rng: np.random.Generator, resamples: int, fprs: np.ndarray, images: Images = ()
    ) -> np.ndarray:
        """(resamples, k): the curve over the resamples of `replicates`."""
        drawn = self._drawn(*self._counts(rng, resamples, images))
        return drawn.curves(self._allowed(fprs))

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
