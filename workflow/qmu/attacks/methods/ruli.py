"""`ruli`: did the model unlearn this sample, or others only?

Source: "RULI", rectified unlearning evaluation by likelihood inference, USENIX Security 2025, with
its released code. Two worlds per sample, both after the audited method: shadow models that had been
trained on it, and shadow models that never were and unlearned others; kernel densities of the
label's confidence, not normal ones, for an unlearning method may leave any shape.

For the forget class the models of the second world were trained on other images of the class and
unlearned these: within one method's models only the sample makes the difference, where `u_lira`
compares with retraining. The source reports samples at high and at low risk apart; here every
record has its score, and risk is read off those.
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import check_rows, confidences, given
from qmu.metrics.likelihood import FEW
from qmu.metrics.likelihood import fit as gaussians
from qmu.strict import Strict

CARD = AttackCard(
    title="Unlearned it or others? (RULI)",
    source="RULI, USENIX Security 2025, released code",
    access="logits and labels; the unlearning method; shadow models before and after it",
    needs=("unlearned_shadows",),
    statement=(
        "Score: log-ratio of kernel densities of the label's logit-scaled confidence, models that "
        "saw the sample before the unlearning against models that did not, both after it; the "
        "published score is the logistic function of it. Decision: score > 0."
    ),
    calibrated=True,
)


class Config(Strict):
    """``bandwidth``: the kernel's standard deviation in units of Scott's rule, the sample's
    deviation times n^(-1/5). ``own_variance_from``: as in `lira_online`."""

    bandwidth: PositiveFloat = 1.0
    own_variance_from: PositiveInt = FEW


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted in advance: the worlds depend on the audited method."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The log-ratio; 0 for a sample that one world knows nothing of.

    Raises ValueError without the fleets, or where their rows are not the view's.
    """
    before, after = (given(f, "ruli") for f in (evidence.shadows, evidence.unlearned))
    for fleet in (before, after):
        check_rows(fleet.sample_id, evidence.audited, "ruli")
    if before.member.shape != after.member.shape:
        raise ValueError("ruli: each unlearned model needs its shadow model before unlearning")
    values, own = confidences(after), confidences(evidence.audited)
    first, second = (
        log_density(own, values, held, after.label, config)
        for held in (before.member, ~before.member)
    )
    with np.errstate(invalid="ignore"):
        found = first - second
    value = np.where(np.isnan(found), 0.0, found)
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))


def log_density(
    own: np.ndarray, values: np.ndarray, chosen: np.ndarray, group: np.ndarray, config: Config
) -> np.ndarray:
    """log of the kernel density at ``own`` (n,) of ``values`` (models, n) of the models ``chosen``.

    A sample without any model has one kernel, as wide as its ``group`` (n,); NaN where the group
    has none either.
    """
    centre = gaussians(values, chosen, group, config.own_variance_from)
    count = np.maximum(chosen.sum(axis=0), 1)
    width = config.bandwidth * centre.deviation * count**-0.2
    alone = ~chosen.any(axis=0)
    kernels = np.where(alone & (np.arange(len(chosen)) == 0)[:, None], centre.mean, values)
    counted = chosen | (alone & (np.arange(len(chosen)) == 0)[:, None])
    exponent = np.where(counted, -0.5 * ((own - kernels) / width) ** 2, -np.inf)
    top = exponent.max(axis=0)
    total = np.exp(exponent - top).sum(axis=0)
    return top + np.log(total / count) - np.log(width) - 0.5 * np.log(2 * np.pi)
