"""What LiRA-like attacks share: Gaussians per pool image as arrays, and the check of their order.

Source: Carlini et al. 2022 (arXiv:2112.03570).
"""

from __future__ import annotations

import numpy as np

from qmu.metrics.likelihood import Gaussians, logit_confidence

from .game import ShadowModels, View


def confidences(model: View | ShadowModels) -> np.ndarray:
    """The logit-scaled confidence of the label, (n,) of a view or (models, n) of shadows."""
    return logit_confidence(model.logits, model.label)


def given(shadows: ShadowModels | None, attack: str) -> ShadowModels:
    """The shadow models; ValueError where there are none."""
    if shadows is None or not len(shadows.logits):
        raise ValueError(f"{attack} needs shadow models")
    return shadows


def check_rows(sample_id: np.ndarray, view: View, attack: str) -> None:
    """ValueError unless the view's rows are the samples ``sample_id``, in this order."""
    if not np.array_equal(sample_id, view.sample_id):
        raise ValueError(f"{attack}: the audited samples are not those of the shadow models")


def for_rows(fitted: dict[str, np.ndarray], view: View, attack: str) -> dict[str, np.ndarray]:
    """What was fitted per pool image, for the view's images; a device may be asked about few.

    ``fitted`` has ``sample_id`` (n,) ascending. ValueError for an image that it does not know.
    """
    known = fitted["sample_id"]
    rows = np.searchsorted(known, view.sample_id).clip(max=len(known) - 1)
    check_rows(known[rows], view, attack)
    return {
        name: values[rows] if len(values) == len(known) else values
        for name, values in fitted.items()
    }


def stored(gaussians: Gaussians, name: str) -> dict[str, np.ndarray]:
    """``<name>_mean`` and ``<name>_deviation``, (n,) each."""
    return {f"{name}_mean": gaussians.mean, f"{name}_deviation": gaussians.deviation}


def read(fitted: dict[str, np.ndarray], name: str) -> Gaussians:
    """What `stored` was given."""
    return Gaussians(fitted[f"{name}_mean"], fitted[f"{name}_deviation"])
