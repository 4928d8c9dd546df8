"""`margin`: members are those whose label leads by far.

A recipe of this project: the lead of the label's logit over the largest other one.
"""

import numpy as np
from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.strict import Strict

CARD = AttackCard(
    title="Margin of the label",
    source="a recipe of this project",
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
    """The margin, yes above the threshold; what the threshold was fitted on is said."""
    view = evidence.audited
    value = margin(view.logits, view.label)
    return Scored(
        score=value, decision=value > fitted["threshold"], fitted=np.zeros(len(value), bool)
    )


def margin(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Logit of the label minus the largest other one, (n,); a masked label scores lowest."""
    rows = np.arange(len(label))
    others = np.array(logits, float)
    others[rows, label] = -np.inf
    lead = logits[rows, label] - others.max(axis=1)
    return np.where(np.isfinite(lead), lead, -1e6)
