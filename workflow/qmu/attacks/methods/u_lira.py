"""`u_lira`: was the sample in the training set before the unlearning, or never?

Source: Hayes, Shumailov, Triantafillou, Khalifa and Papernot 2024 (arXiv:2403.01218); Kurmanji et
al. 2023 (arXiv:2302.09880). LiRA between two worlds that an attacker who knows the method can
simulate for every sample: models that were trained with it and then unlearned it by the audited
method, and models trained without it.

For the forget class the second world are models retrained without the class, so the question is
"unlearned or retrained?", and its ideal answer is a coin toss. Retained classes are not unlearned:
there both worlds are models after the same unlearning, with and without the sample, a LiRA that
knows the method.
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveInt

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import check_rows, confidences, given
from qmu.metrics.likelihood import FEW, Gaussians, log_ratio
from qmu.metrics.likelihood import fit as gaussians
from qmu.strict import Strict

CARD = AttackCard(
    title="U-LiRA",
    source="Hayes et al. 2024, arXiv:2403.01218; Kurmanji et al. 2023, arXiv:2302.09880",
    access="logits and labels; the unlearning method; shadow models unlearned and retrained",
    needs=("unlearned_shadows",),
    statement=(
        "Score: log-likelihood ratio of the label's logit-scaled confidence. Forget class: models "
        "that saw the sample and unlearned it, against models retrained without the class. "
        "Retained classes: models after the same unlearning with the sample against without. "
        "Decision: score > 0."
    ),
    calibrated=True,
)


class Config(Strict):
    """``own_variance_from``: as in `lira_online`."""

    own_variance_from: PositiveInt = FEW


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted in advance: the worlds depend on the audited method."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The log-likelihood ratio; 0 for a sample that one world knows nothing of.

    Raises ValueError without the fleets, or where their rows are not the view's.
    """
    audited = evidence.audited
    first, second = worlds(evidence, config.own_variance_from)
    value = log_ratio(confidences(audited), first, second)
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))


def worlds(evidence: Evidence, few: int) -> tuple[Gaussians, Gaussians]:
    """The Gaussians (n,) with the sample and without it."""
    before = given(evidence.shadows, "u_lira")
    unlearned = given(evidence.unlearned, "u_lira")
    retrained = given(evidence.retrained, "u_lira")
    for fleet in (before, unlearned, retrained):
        check_rows(fleet.sample_id, evidence.audited, "u_lira")
    if before.member.shape != unlearned.member.shape:
        raise ValueError("u_lira: each unlearned model needs its shadow model before unlearning")
    label = unlearned.label
    # Who held a sample is read off the models before: retrained ones, audited as if unlearned,
    # never held one of the forget class.
    held, values = before.member, confidences(unlearned)
    inside = gaussians(values, held, label, few)
    outside = gaussians(values, ~held, label, few)
    everyone = np.ones(retrained.member.shape, bool)
    never = gaussians(confidences(retrained), everyone, label, few)
    forget = evidence.audited.forget
    without = Gaussians(
        np.where(forget, never.mean, outside.mean),
        np.where(forget, never.deviation, outside.deviation),
    )
    return inside, without
