"""`loss_thr`: a sample is a member when the model's loss on it is below a threshold.

Source: Yeom, Giacomelli, Fredrikson and Jha 2018, "Privacy risk in machine learning"
(arXiv:1709.01604). The threshold comes from shadow models only, whose membership the attacker
knows; the audited model's own members never choose it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.statistics import training_loss
from qmu.attacks.thresholds import best_threshold
from qmu.strict import Strict

CARD = AttackCard(
    title="Loss threshold",
    source="Yeom et al. 2018, arXiv:1709.01604",
    access="logits and labels; shadow models",
    needs=("shadows",),
    freezable=True,
    statement=(
        "Score: minus the model's own training loss. One threshold for all classes, from shadow "
        "models trained on other draws of the pool; nothing is fitted on the audited model."
    ),
    reference=True,
)


class Config(Strict):
    """``threshold``: the loss that best separates the shadows' members from their non-members
    (balanced accuracy), or the shadows' mean training loss as in the source."""

    threshold: Literal["balanced_accuracy", "mean_train_loss"] = "balanced_accuracy"


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """``threshold`` (1,): scores at or above it count as members."""
    shadows = evidence.shadows
    if shadows is None or shadows.member.all() or not shadows.member.any():
        raise ValueError("loss_thr needs shadow models with members and non-members")
    scores = np.stack(
        [-training_loss(logits, shadows.label, shadows.loss) for logits in shadows.logits]
    )
    if config.threshold == "mean_train_loss":
        threshold = scores[shadows.member].mean()
    else:
        threshold = best_threshold(scores[shadows.member], scores[~shadows.member])
    return {"threshold": np.array([threshold])}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """Minus the training loss, -inf where the model rules the label out."""
    audited = evidence.audited
    value = -training_loss(audited.logits, audited.label, audited.loss)
    return Scored(
        score=value,
        decision=value >= fitted["threshold"],
        fitted=np.zeros(len(value), bool),
    )
