"""`conf_thr`: a sample is a member when the model gives its label a high probability.

Source: Song and Mittal 2021 (arXiv:2003.10595), with one threshold per class from shadow models.
"""

from __future__ import annotations

import numpy as np

from qmu import losses
from qmu.attacks import thresholds as _thresholds
from qmu.attacks.game import AttackCard
from qmu.strict import Strict

CARD = AttackCard(
    title="Confidence threshold per class",
    source="Song and Mittal 2021, arXiv:2003.10595",
    access="logits and labels; shadow models",
    needs=("shadows",),
    freezable=True,
    statement=(
        "Score: the probability of the label minus its class's threshold. Thresholds come from "
        "shadow models only. A model that never names a class gives its images nothing to rank by."
    ),
)


class Config(Strict):
    """The attack has no settings."""


def statistic(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """p_y - 1, (n,): written as minus the other classes' share, which near 1 keeps its digits.

    Probabilities below 1e-16 are alike to this attack; `loss_thr` and `mentr_thr` tell them apart.
    """
    with np.errstate(divide="ignore"):
        return -np.exp(losses.of_label(losses.log_complement(logits, np), labels, np))


fit, score = _thresholds.functions_of(statistic)
