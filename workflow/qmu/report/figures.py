"""All figures by name: ``draw(stem, evidence)``."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from . import (
    fig_accuracy,
    fig_auc,
    fig_confidence,
    fig_cost,
    fig_dag,
    fig_devices,
    fig_distance,
    fig_membership,
    fig_quality,
    fig_roc,
    fig_signal,
    fig_sweep,
    fig_training,
)
from .evidence import Evidence

DRAW: dict[str, Callable[[Evidence], Figure]] = {
    "membership": fig_membership.draw,
    "auc": fig_auc.draw,
    "roc": fig_roc.draw,
    "confidence": fig_confidence.draw,
    "devices": fig_devices.draw,
    "signal": fig_signal.draw,
    "sweep": fig_sweep.draw,
    "accuracy": fig_accuracy.draw,
    "distance": fig_distance.draw,
    "quality": fig_quality.draw,
    "cost": fig_cost.draw,
    "training": fig_training.draw,
    "dag": fig_dag.draw,
}


def draw(stem: str, evidence: Evidence) -> Figure:
    """The figure of that name; where its numbers are missing, a figure that says so."""
    return DRAW[stem](evidence)
