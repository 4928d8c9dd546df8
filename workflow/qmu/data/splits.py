"""Which image plays which part: public, pool, and per seed train, test, validation, unseen.

The public images fit the principal components for every seed and serve nothing else, so that a
feature carries no membership and one shadow fleet serves all seeds. Each seed draws its splits
from the pool uniformly without replacement; what it leaves is ``unseen``: images that neither the
model nor an attack ever touched.
"""

from __future__ import annotations

import numpy as np

from qmu import seeds

PARTS = ("train", "test", "validation", "unseen")


def roles(
    root_seed: int,
    images: int,
    public: int,
    pool: int | None,
    reserved: np.ndarray | None = None,
) -> np.ndarray:
    """Role of every image, (images,) of "public", "pool" or "spare" (neither); ``reserved`` ones
    (images,) bool come to the pool."""
    order = seeds.generator(root_seed, "roles").permutation(images)
    if reserved is not None:
        free = order[~reserved[order]]
        order = np.concatenate([free[:public], order[reserved[order]], free[public:]])
    pool = images - public if pool is None else pool
    found = np.full(images, "spare", dtype=object)
    found[order[:public]] = "public"
    found[order[public : public + pool]] = "pool"
    return found


def draw_parts(
    root_seed: int,
    seed: int,
    pool: int,
    counts: dict[str, int],
    marked: np.ndarray | None = None,
    requested: np.ndarray | None = None,
) -> np.ndarray:
    """Part of every pool image for one seed, (pool,) of the names in `PARTS`.

    ``counts`` gives the number of train, test and validation images; the rest is unseen. Rows that
    are ``requested`` (pool,) bool come first, into train; of the other ``marked`` ones half go to
    test and half stay unseen. Raises ValueError where they do not fit.
    """
    if sum(counts.values()) > pool:
        raise ValueError(f"{sum(counts.values())} images asked of a pool of {pool}")
    order = seeds.generator(root_seed, "samples", seed).permutation(pool)
    found = np.full(pool, "unseen", dtype=object)
    if requested is not None:
        others = order[(marked & ~requested)[order]]
        placed = {"train": order[requested[order]], "test": others[: (len(others) + 1) // 2]}
        for part, rows in placed.items():
            found[rows] = part
        counts = {part: n - len(placed.get(part, ())) for part, n in counts.items()}
        order = order[~marked[order]]
        if min(counts.values()) < 0 or sum(counts.values()) > len(order):
            raise ValueError(
                f"{int(requested.sum())} requested rows and {len(others)} to compare them with"
            )
    start = 0
    for part, count in counts.items():
        found[order[start : start + count]] = part
        start += count
    return found


def shared_parts(
    root_seed: int,
    counts: dict[str, int],
    included: np.ndarray,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Part of every pool image for all seeds alike, (pool,) of the names in `PARTS`.

    Drawn before anyone asks to be forgotten, so that a request changes nothing: who asks is among
    the training images of every seed, or of none. ``included`` images (pool,) bool come first, into
    train. Images of one ``group`` (pool,) stay together, but for those at the border of two parts.
    """
    order = seeds.generator(root_seed, "samples", "shared").permutation(len(included))
    if group is not None:
        _, first, number = np.unique(group[order], return_index=True, return_inverse=True)
        order = order[np.argsort(first[number], kind="stable")]
    order = np.concatenate([order[included[order]], order[~included[order]]])
    found, start = np.full(len(included), "unseen", dtype=object), 0
    for part, count in counts.items():
        found[order[start : start + count]] = part
        start += count
    return found


def splits(parts: np.ndarray, forget: np.ndarray) -> np.ndarray:
    """Split names such as ``forget_train``: the part, and whether the label is to be forgotten."""
    group = np.where(forget, "forget", "retain")
    return np.array([f"{g}_{p}" for g, p in zip(group, parts, strict=True)], dtype=object)


def fleet_members(root_seed: int, role: str, index: int, pool: int, size: int) -> np.ndarray:
    """Pool positions that fleet model ``index`` trains on, (size,) int64, sorted.

    Models come in groups of ``pool // size`` that divide one permutation of the pool between them,
    so every image is a member of the same number of models (up to the remainder of the division).
    """
    groups = pool // size
    group, position = divmod(index, groups)
    order = seeds.generator(root_seed, role, "members", group).permutation(pool)
    return np.sort(order[position * size : (position + 1) * size])


def scattered_order(sample_id: np.ndarray) -> np.ndarray:
    """Positions (n,) that sort samples by a hash (SplitMix64) of their id.

    A fixed order that ignores label and position: datasets are often stored class by class, so
    "the first 500" by id itself could leave half of the classes out.
    """
    with np.errstate(over="ignore"):
        mixed = np.asarray(sample_id).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return np.argsort(mixed, kind="stable")
