"""`entr_thr`: a sample is a member when the model's prediction has low entropy.

Source: Song and Mittal 2021 (arXiv:2003.10595), with one threshold per class from shadow models.
"""

from __future__ import annotations

import numpy as np

from qmu.attacks import thresholds as _thresholds
from qmu.attacks.game import AttackCard
from qmu.strict import Strict

CARD = AttackCard(
    title="Entropy threshold per class",
    source="Song and Mittal 2021, arXiv:2003.10595",
    access="logits; labels only to choose the threshold; shadow models",
    needs=("shadows",),
    freezable=True,
    statement=(
        "Score: minus the entropy of the predicted probabilities, minus its class's threshold. "
        "Thresholds come from shadow models only. A confidently wrong answer looks like a member."
    ),
)


class Config(Strict):
    """The attack has no settings."""


def statistic(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Minus the entropy, sum_k p_k log p_k in nats, (n,); a class ruled out counts as zero."""
    logs, _ = _thresholds.log_probabilities(logits)
    return _thresholds.times_log(np.exp(logs), logs).sum(axis=-1)


fit, score = _thresholds.functions_of(statistic)
