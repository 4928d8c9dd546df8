"""`qmia`: is the model surer of the label than of all but a few comparable non-members?

Source: Bertran, Tang, Kearns, Morgenstern, Roth and Wu 2023, "Scalable membership inference attacks
via quantile regression" (arXiv:2307.03694); defaults of SACRO-ML. A regression on known non-members
predicts the quantile of the hinge score, the label's logit minus the largest other one, that only a
share ``level`` of comparable non-members exceeds. No shadow models.

The source regresses on the sample itself, which views of a model do not hold. What is comparable is
read off the rest of the answer: the label, and the probabilities of the other classes among
themselves, largest first. Learning a label moves its own logit, which none of these depends on.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu import losses
from qmu.attacks.game import AttackCard, Evidence, Scored, View
from qmu.attacks.population import population_of
from qmu.strict import Strict

CARD = AttackCard(
    title="Quantile regression (QMIA)",
    source="Bertran et al. 2023, arXiv:2307.03694",
    access="logits and labels; a population of non-members",
    statement=(
        "Score: the label's logit minus the largest other one, above the quantile that linear "
        "quantile regression predicts for non-members of the label with such probabilities of the "
        "other classes. Fitted on each audited model. The population (validation images and a "
        "quarter of the never-used ones) counts as fitted on and is not judged. Decision: score > "
        "0, which the configured share of non-members reaches."
    ),
)

# Scores and log-probabilities beyond these are cut: a masked class has minus infinity.
SCORE_CAP = 100.0
LOG_PROBABILITY_CAP = 30.0


class Config(Strict):
    """``level``: the share of non-members above their quantile, the false-positive rate that the
    attacker aims at. ``population_share``: of the never-used images, fitted on beside validation
    images."""

    level: float = Field(default=0.01, gt=0, lt=1)
    population_share: float = Field(default=0.25, gt=0, lt=1)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted in advance: the attack fits on the audited model when it scores."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The hinge score above the predicted quantile. Raises ValueError without non-members."""
    from sklearn.linear_model import QuantileRegressor

    audited = evidence.audited
    population = population_of(audited, config.population_share)
    if not population.any():
        raise ValueError("qmia: no validation or unseen samples to serve as population")
    own, inputs = hinge(audited), covariates(audited)
    machine = QuantileRegressor(
        quantile=1 - config.level, alpha=0.0, fit_intercept=False, solver="highs"
    )
    machine.fit(inputs[population], own[population])
    value = own - inputs @ machine.coef_
    return Scored(score=value, decision=value > 0, fitted=population)


def hinge(view: View) -> np.ndarray:
    """The label's logit minus the largest other one, (n,), cut at +-`SCORE_CAP`."""
    logits = np.asarray(view.logits, np.float64)
    if np.isnan(logits).any() or np.isposinf(logits).any():
        raise ValueError("logits must be finite or minus infinity")
    others = np.where(losses.is_label(logits, view.label, np), -np.inf, logits).max(axis=-1)
    own = losses.of_label(logits, view.label, np)
    with np.errstate(invalid="ignore"):
        found = np.nan_to_num(own - others, nan=0.0, posinf=SCORE_CAP, neginf=-SCORE_CAP)
    return np.clip(found, -SCORE_CAP, SCORE_CAP)


def covariates(view: View) -> np.ndarray:
    """One column per class with 1 for the label's, then the log-probabilities of the other classes
    without the label, largest first, at least -`LOG_PROBABILITY_CAP`: (n, 2 classes - 1)."""
    logits = np.asarray(view.logits, np.float64)
    own = losses.is_label(logits, view.label, np)
    others = np.where(own, -np.inf, logits)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = np.nan_to_num(losses.log_probabilities(others, np), nan=-np.inf)
    ordered = np.sort(np.maximum(log_p, -LOG_PROBABILITY_CAP), axis=-1)[:, :0:-1]
    return np.column_stack([own, ordered])
