"""The non-members that an attack without labelled members of the audited model compares with.

Attacks that learn from them leave them out of what is judged.
"""

from __future__ import annotations

import numpy as np

from qmu.data.splits import scattered_order

from .game import View


def population_of(view: View, share: float) -> np.ndarray:
    """Which rows (n,) bool an attack may learn from: validation images, and a ``share`` of the
    unseen ones, the first of each class in an order that ignores everything else."""
    part = np.array([str(name).rpartition("_")[2] for name in view.split])
    chosen = part == "validation"
    order = scattered_order(view.sample_id)
    for label in np.unique(view.label):
        unseen = order[((part == "unseen") & (view.label == label))[order]]
        chosen[unseen[: int(np.ceil(share * len(unseen)))]] = True
    return chosen
