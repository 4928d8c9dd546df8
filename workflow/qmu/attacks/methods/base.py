"""`base`: how much likelier the model finds a sample's label than shadow models do on average.

Source: Lassila, Östman and Ngo 2025, "Practical Bayes-optimal membership inference attacks"
(arXiv:2505.24089). The Bayes-optimal attack compares the loss with a threshold of the sample's
own, the log-average over the posterior of models; shadow models stand for that posterior. At
temperature 1 it ranks as RMIA against a large population.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import for_rows, given
from qmu.attacks.statistics import log_mean, log_probability
from qmu.strict import Strict

CARD = AttackCard(
    title="Bayes-approximate (BASE)",
    source="Lassila et al. 2025, arXiv:2505.24089",
    access="logits and labels; shadow models",
    needs=("shadows",),
    statement=(
        "Score: log-probability of the label, softened by a temperature, minus the logarithm of "
        "its average over shadow models. Decision: score > 0, with no threshold fitted."
    ),
    calibrated=True,
)


class Config(Strict):
    """``temperature`` of the softmax. ``mode``: whether the average is over all shadow models
    (online) or over those that were not trained on the sample (offline), whose logarithm is then
    multiplied by ``offline_scale`` for the models that are missing."""

    temperature: PositiveFloat = 2.0
    mode: Literal["online", "offline"] = "online"
    offline_scale: float = Field(default=0.33, ge=0, le=1)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Per pool image (n,): ``sample_id`` and its ``threshold`` on the log-probability. A sample
    that offline no model left out takes the average of all."""
    shadows = given(evidence.shadows, "base")
    log_p = log_probability(shadows, config.temperature)
    threshold = log_mean(log_p, np.ones(log_p.shape, bool))
    if config.mode == "offline":
        outside = log_mean(log_p, ~shadows.member)
        threshold = config.offline_scale * np.where(np.isnan(outside), threshold, outside)
    return {"sample_id": shadows.sample_id, "threshold": threshold}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The log-probability minus the sample's threshold; -inf where the label is ruled out."""
    audited = evidence.audited
    fitted = for_rows(fitted, audited, "base")
    value = log_probability(audited, config.temperature) - fitted["threshold"]
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))
