"""All figures by name: ``draw(stem, evidence)``."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from qmu.report.results.results import Results

from .figures import accuracy as fig_accuracy
from .figures import auc as fig_auc
from .figures import confidence as fig_confidence
from .figures import cost as fig_cost
from .figures import dag as fig_dag
from .figures import devices as fig_devices
from .figures import distance as fig_distance
from .figures import membership as fig_membership
from .figures import quality as fig_quality
from .figures import roc as fig_roc
from .figures import signal as fig_signal
from .figures import sweep as fig_sweep
from .figures import training as fig_training

DRAW: dict[str, Callable[[Results], Figure]] = {
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


def draw(stem: str, evidence: Results) -> Figure:
    """The figure of that name; where its numbers are missing, a figure that says so."""
    return DRAW[stem](evidence)
