"""How often each image is drawn in each resample: the same for one image wherever it appears.

Seeds split one pool of images anew, so their figures rest in part on the same images, and their
errors move together. A bootstrap that draws every image by a stream of its own, keyed by the
image's id, keeps that: resample r holds an image as often for one seed, attack or variant as for
another, so that replicates may be averaged over seeds or subtracted, one by one. Counts are
Poisson(1), independent of each other (Hanley and MacGibbon 2006, on Poisson bootstraps), from the
hash SplitMix64 (Steele, Lea and Flood 2014) of key, resample and id.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

# Images taken at once, so that what is computed of them stays in the processor's cache.
CHUNK = 64
# The chance of more than 12 is 6e-11.
MOST = 12


# Ids of the images of each side of a comparison, such as members and non-members.
Images = tuple[np.ndarray, ...]


def key(rng: np.random.Generator) -> int:
    """The next key of a generator."""
    return int(rng.integers(2**63))


def numbered(*sides: np.ndarray) -> Images:
    """Ids for images that have none: all different, but not from those of another figure."""
    ends = np.cumsum([len(side) for side in sides])
    return tuple(np.arange(end - len(side), end) for end, side in zip(ends, sides, strict=True))


def counts(key: int, images: Images, resamples: int) -> tuple[np.ndarray, ...]:
    """Counts (resamples, n) uint8 of the images of each side, by a 64-bit ``key``.

    A resample that would hold none of a side's images holds each of them once.
    """
    table = _table(key, resamples)
    return tuple(table.of(np.asarray(side, np.int64)) for side in images)


def weights(key: int, images: np.ndarray, resamples: int) -> np.ndarray:
    """`counts` of one side as weights (resamples, n) float64, each row summing to one."""
    drawn = np.ascontiguousarray(*counts(key, (images,), resamples))
    return drawn / drawn.sum(axis=1, keepdims=True, dtype=np.int64)


def means(key: int, images: np.ndarray, values: np.ndarray, resamples: int) -> np.ndarray:
    """The mean (resamples,) of the images' ``values`` (n,) in each resample."""
    (drawn,) = counts(key, (images,), resamples)
    values, sums = np.asarray(values, np.float64), np.zeros(resamples)
    for start in range(0, len(values), CHUNK):
        part = slice(start, start + CHUNK)
        sums += drawn[:, part].astype(np.float64) @ values[part]
    return sums / drawn.sum(axis=1, dtype=np.int32)


@dataclass
class _Table:
    """Counts of every image asked for so far, (images, resamples) by rising id: figures share
    images, and to draw one takes a hundred times as long as to find it again."""

    key: int
    resamples: int
    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        self.counts = np.empty((0, self.resamples), np.uint8)

    def of(self, ids: np.ndarray) -> np.ndarray:
        """The counts (resamples, n) of the images ``ids`` (n,)."""
        new = np.unique(ids[~np.isin(ids, self.ids)])
        if len(new):
            known = np.concatenate([self.ids, new])
            order = np.argsort(known)
            drawn = _poisson(self.key, new, self.resamples)
            self.ids, self.counts = known[order], np.concatenate([self.counts, drawn])[order]
        found = self.counts[np.searchsorted(self.ids, ids)]
        found[:, ~found.any(axis=0)] = 1
        return found.T


# Figures on known images share one key; others have one of their own, which comes once.
@lru_cache(maxsize=4)
def _table(key: int, resamples: int) -> _Table:
    return _Table(key, resamples)


def _poisson(key: int, images: np.ndarray, resamples: int) -> np.ndarray:
    """The counts of ``images`` (n,), (n, resamples) uint8."""
    ids = _mixed(images.astype(np.uint64))
    columns = _mixed(np.arange(resamples, dtype=np.uint64) ^ np.uint64(key % 2**64))
    found = np.zeros((len(ids), resamples), np.uint8)
    for start in range(0, len(ids), CHUNK):
        part = slice(start, start + CHUNK)
        uniform = _mixed(ids[part, None] ^ columns)
        for limit in _limits():
            found[part] += uniform >= limit
    return found


def _limits() -> np.ndarray:
    """P(count <= k) for k = 0, 1, ... on the scale of 64-bit integers."""
    below = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(MOST)])
    return np.array([min(int(share * 2.0**64), 2**64 - 1) for share in below], np.uint64)


def _mixed(values: np.ndarray) -> np.ndarray:
    """SplitMix64 of each of ``values``."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
