"""`lira_offline`: how far a sample's confidence lies above that of models that never saw it.

Source: Carlini et al. 2022 (arXiv:2112.03570). Offline: the attacker has only models that were
not trained on the sample, and scores Phi((phi - mean_out) / deviation_out). Phi rounds to 1 beyond
eight deviations and would tie the most exposed samples, so the score here is its argument, which
ranks alike.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveInt

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import confidences, for_rows, given, read, stored
from qmu.metrics.likelihood import FEW
from qmu.metrics.likelihood import fit as gaussians
from qmu.strict import Strict

CARD = AttackCard(
    title="LiRA, offline",
    source="Carlini et al. 2022, arXiv:2112.03570",
    access="logits and labels; shadow models, none of them trained on the sample",
    needs=("shadows",),
    statement=(
        "Score: standard deviations of the label's logit-scaled confidence above its mean over "
        "models that did not see the sample; the published score is the normal distribution "
        "function of it. Decision: a one-sided test at the configured level, which uses non-member "
        "models alone."
    ),
    calibrated=True,
)


class Config(Strict):
    """``own_variance_from``: as in `lira_online`. ``level``: of the one-sided test behind the
    decision, the false-positive rate that the attacker aims at."""

    own_variance_from: PositiveInt = FEW
    level: float = Field(default=0.05, gt=0, lt=1)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Per pool image (n,): ``sample_id``, mean and deviation over models that never saw it.

    Raises ValueError without shadow models, or where no sample was left out by two of them.
    """
    shadows = given(evidence.shadows, "lira_offline")
    values = confidences(shadows)
    out = gaussians(values, ~shadows.member, shadows.label, config.own_variance_from)
    if np.isnan(out.deviation).all():
        raise ValueError("lira_offline: no sample was left out by two shadow models")
    return {"sample_id": shadows.sample_id, **stored(out, "out")}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The z-score; 0, the middle, for a sample of which the shadow models say nothing."""
    from scipy.special import ndtri

    audited = evidence.audited
    fitted = for_rows(fitted, audited, "lira_offline")
    found = read(fitted, "out").scaled(confidences(audited))
    value = np.where(np.isnan(found), 0.0, found)
    decision = value > -ndtri(config.level)
    return Scored(score=value, decision=decision, fitted=np.zeros(len(value), bool))
