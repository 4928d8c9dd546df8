"""`u_lira`: was the sample in the training set before the unlearning, or never?

Source: Hayes, Shumailov, Triantafillou, Khalifa and Papernot 2024 (arXiv:2403.01218); Kurmanji et
al. 2023 (arXiv:2302.09880). LiRA between two worlds that an attacker who knows the method can
simulate for every sample: models that were trained with it and then unlearned by the audited
method, and models that never saw it.

An AUC compares images of one model, so the two worlds may differ by the sample alone: by default
the second world are models after the same unlearning that had never held the sample (``against:
unlearned``). A retrained model reads 0.5, and so does a model whose every image of the class gives
the unlearning away alike. With ``against: retrained`` the second world of the forget class are
models retrained without it, the ratio of the sources; members and non-members of an unlearned model
are then both likelier in the first world, and their AUC says little. That ratio belongs to a
comparison of models: the measure `u_lira_worlds` asks, image by image, whether the audited model
stands out from retrained ones.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import PositiveInt

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import check_rows, confidences, given
from qmu.metrics.likelihood import FEW, Gaussians, log_ratio
from qmu.metrics.likelihood import fit as gaussians
from qmu.strict import Strict

CARD = AttackCard(
    title="U-LiRA, with the sample or without",
    source="Hayes et al. 2024, arXiv:2403.01218; Kurmanji et al. 2023, arXiv:2302.09880",
    access="logits and labels; the unlearning method; shadow models unlearned and retrained",
    needs=("unlearned_shadows",),
    statement=(
        "Score: log-likelihood ratio of the label's logit-scaled confidence, models after the same "
        "unlearning that had held the sample against those that had not. Members are compared with "
        "non-members of the one audited model; whether it stands out from retrained models is the "
        "measure u_lira_worlds. Decision: score > 0."
    ),
    calibrated=True,
)


class Config(Strict):
    """``own_variance_from``: as in `lira_online`. ``against``: models without the sample are those
    after the same unlearning, or for the forget class those retrained without it."""

    own_variance_from: PositiveInt = FEW
    against: Literal["unlearned", "retrained"] = "unlearned"


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
    first, second = worlds(evidence, config)
    value = log_ratio(confidences(audited), first, second)
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))


def worlds(evidence: Evidence, config: Config) -> tuple[Gaussians, Gaussians]:
    """The Gaussians (n,) with the sample and without it."""
    before = given(evidence.shadows, "u_lira")
    unlearned = given(evidence.unlearned, "u_lira")
    for fleet in (before, unlearned):
        check_rows(fleet.sample_id, evidence.audited, "u_lira")
    if before.member.shape != unlearned.member.shape:
        raise ValueError("u_lira: each unlearned model needs its shadow model before unlearning")
    label, few = unlearned.label, config.own_variance_from
    # Who held a sample is read off the models before: retrained ones, audited as if unlearned,
    # never held one of the forget class.
    held, values = before.member, confidences(unlearned)
    inside = gaussians(values, held, label, few)
    outside = gaussians(values, ~held, label, few)
    if config.against == "unlearned":
        return inside, outside
    retrained = given(evidence.retrained, "u_lira")
    check_rows(retrained.sample_id, evidence.audited, "u_lira")
    everyone = np.ones(retrained.member.shape, bool)
    never = gaussians(confidences(retrained), everyone, label, few)
    forget = evidence.audited.forget
    without = Gaussians(
        np.where(forget, never.mean, outside.mean),
        np.where(forget, never.deviation, outside.deviation),
    )
    return inside, without
