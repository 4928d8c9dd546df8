"""`gap`: whatever the model names rightly was a member.

Source: Yeom, Giacomelli, Fredrikson and Jha 2018 (arXiv:1709.01604). Its advantage is the accuracy
on members minus that on non-members, the gap of generalisation: what an attacker gets for nothing.
"""

from __future__ import annotations

import numpy as np

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.strict import Strict

CARD = AttackCard(
    title="Generalisation gap",
    source="Yeom et al. 2018, arXiv:1709.01604",
    access="the predicted class and the label",
    freezable=True,
    statement=(
        "Calls every sample that the model names rightly a member. Its advantage is the accuracy "
        "on members minus that on non-members; a model that never names a class has none on it."
    ),
)


class Config(Strict):
    """The attack has no settings."""


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """1 for a right answer, 0 for a wrong one."""
    audited = evidence.audited
    right = audited.logits.argmax(axis=-1) == audited.label
    return Scored(score=right.astype(float), decision=right, fitted=np.zeros(len(right), bool))
