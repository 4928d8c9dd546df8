"""`lead`: members are those whose label leads, by more than the original's median row does."""

import numpy as np
from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.strict import Strict

from .margins import margin

CARD = AttackCard(
    title="Lead of the label",
    source="an example of a plug-in",
    access="logits and the label",
    statement="The lead of the label's logit, with a threshold in between the original's.",
    fitted_on_target=True,
)


class Config(Strict):
    """``quantile``: the share of the original's training rows below the threshold."""

    quantile: float = 0.5


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """The threshold, from the original's own training rows."""
    view = evidence.original
    return {"threshold": np.quantile(margin(view.logits, view.label)[view.member], config.quantile)}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The margin, yes above the threshold."""
    value = margin(evidence.audited.logits, evidence.audited.label)
    fitted_on = np.zeros(len(value), bool)
    return Scored(score=value, decision=value > fitted["threshold"], fitted=fitted_on)
