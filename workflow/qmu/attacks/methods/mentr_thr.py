"""`mentr_thr`: a sample is a member when its modified prediction entropy is low.

Source: Song and Mittal 2021 (arXiv:2003.10595):
Mentr = -(1 - p_y) log p_y - sum over k != y of p_k log(1 - p_k), zero for certainty of the label
and infinite for certainty of another class. Written from the formula: a widely copied
implementation takes log p_k for log(1 - p_k) and overwrites whole columns instead of each row's
label.
"""

from __future__ import annotations

import numpy as np

from qmu import losses
from qmu.attacks import thresholds as _thresholds
from qmu.attacks.game import AttackCard
from qmu.strict import Strict

CARD = AttackCard(
    title="Modified entropy threshold per class",
    source="Song and Mittal 2021, arXiv:2003.10595",
    access="logits and labels; shadow models",
    needs=("shadows",),
    freezable=True,
    statement=(
        "Score: minus the modified entropy, which is low only for confident right answers, minus "
        "its class's threshold. Thresholds come from shadow models only."
    ),
)


class Config(Strict):
    """The attack has no settings."""


def statistic(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Minus the modified entropy in nats, (n,); -inf where the model rules the label out."""
    log_p, log_q = _thresholds.log_probabilities(logits)
    of_others = _thresholds.times_log(np.exp(log_p), log_q)
    own = _thresholds.times_log(
        np.exp(losses.of_label(log_q, labels, np)), losses.of_label(log_p, labels, np)
    )
    other = np.arange(logits.shape[-1]) != labels[:, None]
    return own + np.where(other, of_others, 0.0).sum(axis=-1)


fit, score = _thresholds.functions_of(statistic)
