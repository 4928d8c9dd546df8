"""`lira_online`: how much likelier a sample's confidence is under models that saw the sample.

Source: Carlini, Chien, Nasr, Song, Terzis and Tramer 2022, "Membership inference attacks from
first principles" (arXiv:2112.03570). Online: shadow models that were trained on the sample (IN)
and others (OUT) give one Gaussian each, and the score is the log-likelihood ratio.

The decision is the sign of the ratio. A threshold calibrated on the shadow models, each left out
in turn, was tried (`hqnn`, 16 models): it came out at 0.12 and its balanced accuracy at 0.671
against 0.670, so the cut without a parameter stays.
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveInt

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import confidences, for_rows, given, read, stored
from qmu.metrics.likelihood import FEW, log_ratio
from qmu.metrics.likelihood import fit as gaussians
from qmu.strict import Strict

CARD = AttackCard(
    title="LiRA, online",
    source="Carlini et al. 2022, arXiv:2112.03570",
    access="logits and labels; shadow models, some of them trained on each sample",
    needs=("shadows",),
    statement=(
        "Score: log-likelihood ratio of the label's logit-scaled confidence, models that saw the "
        "sample against models that did not. Decision: the ratio favours membership (score > 0), "
        "with no threshold fitted. The shadow models are of the original's kind: after unlearning "
        "the attacker still assumes them."
    ),
    calibrated=True,
)


class Config(Strict):
    """``own_variance_from``: fewest models per sample and side for a variance of its own; below,
    the variance is pooled over the samples of a class."""

    own_variance_from: PositiveInt = FEW


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Per pool image (n,): ``sample_id``, mean and deviation of either side.

    Raises ValueError without shadow models, or where no sample has two models on a side.
    """
    shadows = given(evidence.shadows, "lira_online")
    values, few = confidences(shadows), config.own_variance_from
    sides = {
        "in": gaussians(values, shadows.member, shadows.label, few),
        "out": gaussians(values, ~shadows.member, shadows.label, few),
    }
    for name, side in sides.items():
        if np.isnan(side.deviation).all():
            raise ValueError(f"lira_online: no sample has two shadow models on the side {name!r}")
    return {
        "sample_id": shadows.sample_id,
        **stored(sides["in"], "in"),
        **stored(sides["out"], "out"),
    }


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The log-likelihood ratio; 0 for a sample of which the shadow models say nothing."""
    audited = evidence.audited
    fitted = for_rows(fitted, audited, "lira_online")
    value = log_ratio(confidences(audited), read(fitted, "in"), read(fitted, "out"))
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))
