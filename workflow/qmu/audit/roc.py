"""ROC curves of every attack on one variant: the mean over seeds on a grid of false-positive rates.

Low rates matter most (Carlini et al. 2022, arXiv:2112.03570), so the grid is logarithmic. Below
1/n a rate cannot be told from zero: a curve starts at the first rate that every seed resolves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qmu.metrics.roc import Roc

from .measurement import Resampling
from .membership import GROUPS, compared

GRID = np.concatenate([np.logspace(-3, 0, 46)[:-1], [1.0]])
RESAMPLES = 200


def roc_rows(
    scores: Mapping[str, np.ndarray], model: str, variant: str, settings: Resampling
) -> list[dict[str, Any]]:
    """Rows of the table ``roc`` from all seeds' rows of the table ``scores``."""
    rows = []
    for attack in dict.fromkeys(scores["attack"]):
        for group in GROUPS:
            curves = [
                roc
                for seed in np.unique(scores["seed"])
                if (roc := _roc(scores, attack, group, seed)) is not None
            ]
            if curves:
                rng = settings.generator(model, variant, attack, group, "roc")
                named = {"model": model, "variant": variant, "attack": attack, "group": group}
                rows += [named | point for point in _points(curves, rng, settings.confidence)]
    return rows


def _roc(scores: Mapping[str, np.ndarray], attack: str, group: str, seed: int) -> Roc | None:
    own = (scores["attack"] == attack) & (scores["seed"] == seed)
    table = {name: column[own] for name, column in scores.items()}
    members, others = compared(table, group)
    if not len(members) or not len(others):
        return None
    return Roc(table["score"][members], table["score"][others])


def _points(
    curves: list[Roc], rng: np.random.Generator, confidence: float
) -> list[dict[str, float]]:
    """Mean TPR with its interval: seeds are resampled, and images within each."""
    fewest = min(len(roc.others) for roc in curves)
    grid = GRID[1 / fewest - 1e-12 <= GRID]
    means = np.mean([roc.curve(grid) for roc in curves], axis=0)
    drawn = np.stack([roc.curve_replicates(rng, RESAMPLES, grid) for roc in curves])
    seed = rng.integers(0, len(curves), (RESAMPLES, len(curves)))
    pick = rng.integers(0, RESAMPLES, (RESAMPLES, len(curves)))
    replicates = drawn[seed, pick].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail], axis=0)
    columns = zip(grid, means, np.minimum(low, means), np.maximum(high, means), strict=True)
    return [
        {"fpr": float(f), "tpr": float(t), "ci_low": float(a), "ci_high": float(b)}
        for f, t, a, b in columns
    ]
