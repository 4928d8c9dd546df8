"""ROC curves of every attack on one variant: the mean over seeds on a grid of false-positive rates.

Low rates matter most (Carlini et al. 2022, arXiv:2112.03570), so the grid is logarithmic. Below
1/n a rate cannot be told from zero: a curve starts at the first rate that every seed resolves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qmu.metrics.estimates import SHARE
from qmu.metrics.intervals import over_seeds
from qmu.metrics.resampling import Images
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
                curve
                for seed in np.unique(scores["seed"])
                if (curve := _curve(scores, attack, group, seed)) is not None
            ]
            if curves:
                named = {"model": model, "variant": variant, "attack": attack, "group": group}
                rows += [named | point for point in _points(curves, settings)]
    return rows


def _curve(
    scores: Mapping[str, np.ndarray], attack: str, group: str, seed: int
) -> tuple[Roc, Images] | None:
    own = (scores["attack"] == attack) & (scores["seed"] == seed)
    table = {name: column[own] for name, column in scores.items()}
    sides = compared(table, group)
    if not all(map(len, sides)):
        return None
    return (
        Roc(*(table["score"][rows] for rows in sides)),
        tuple(table["sample_id"][rows] for rows in sides),
    )


def _points(curves: list[tuple[Roc, Images]], settings: Resampling) -> list[dict[str, float]]:
    """Mean TPR with its interval, which for one seed is the bootstrap's."""
    fewest = min(len(roc.others) for roc, _ in curves)
    grid = GRID[1 / fewest - 1e-12 <= GRID]
    values = np.stack([roc.curve(grid) for roc, _ in curves])
    means = values.mean(axis=0)
    drawn = np.stack(
        [
            roc.curve_replicates(settings.generator("images"), RESAMPLES, grid, images)
            for roc, images in curves
        ]
    )
    if len(curves) > 1:
        low, high = over_seeds(values, drawn, settings.confidence, SHARE)
    else:
        tail = (1 - settings.confidence) / 2
        low, high = np.quantile(drawn[0], [tail, 1 - tail], axis=0)
    columns = zip(grid, means, np.minimum(low, means), np.maximum(high, means), strict=True)
    return [
        {"fpr": float(f), "tpr": float(t), "ci_low": float(a), "ci_high": float(b)}
        for f, t, a, b in columns
    ]
