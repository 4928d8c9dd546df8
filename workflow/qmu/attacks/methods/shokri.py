"""`shokri`: one attack classifier per class, trained on what shadow models say of their members.

Source: Shokri, Stronati, Song and Shmatikov 2017 (arXiv:1610.05820). The classifier of a class
learns to tell the shadow models' members from their non-members of that class by the probability
vector. Here it is a logistic regression on the log-odds log(p_k / (1 - p_k)) of all classes: on
held-out shadow models it was within 0.007 of the best AUC of all inputs (probabilities, sorted
ones, their logarithms) and networks that were tried, and a convex problem has one answer.
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from qmu import seeds
from qmu.attacks.game import AttackCard, Evidence, Scored, ShadowModels
from qmu.attacks.statistics import CHUNK
from qmu.attacks.thresholds import log_probabilities
from qmu.strict import Strict

# Log-odds beyond this say "certain"; it keeps the inputs finite where a class is ruled out.
LOG_ODDS_CAP = 30.0

CARD = AttackCard(
    title="Shadow-model classifier per class",
    source="Shokri et al. 2017, arXiv:1610.05820",
    access="logits and labels; shadow models",
    needs=("shadows",),
    statement=(
        "One logistic regression per class on the log-odds of all classes, trained on as many "
        "members as non-members of the shadow models. Score: its output before the sigmoid. "
        "Nothing is fitted on the audited model."
    ),
)


class Config(Strict):
    """``samples``: most members, and as many non-members, that a class's classifier is fitted on,
    drawn over all shadow models; ``inverse_penalty``: scikit-learn's C."""

    samples: PositiveInt = 4000
    inverse_penalty: PositiveFloat = 1.0


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """By class, along the first axis: ``mean``, ``scale``, ``weight`` (classes, classes), ``bias``
    (classes,). Raises ValueError without shadow models, or where a class lacks either side."""
    if evidence.shadows is None:
        raise ValueError("shokri needs shadow models")
    parts = []
    for label in range(evidence.shadows.logits.shape[-1]):
        values, member = training_set(evidence.shadows, label, config, names)
        parts.append(_fit_class(values, member, config))
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def training_set(
    shadows: ShadowModels, label: int, config: Config, names: tuple[str | int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (k, classes) and membership (k,) for one class: half members, drawn by name."""
    here = shadows.label == label
    member = shadows.member[:, here].ravel()
    order = seeds.generator(*names, "class", label).permutation(len(member))
    sides = [order[member[order]], order[~member[order]]]
    count = min(config.samples, *map(len, sides))
    if count == 0:
        raise ValueError(f"the shadow models' class {label} needs members and non-members")
    rows = np.sort(np.concatenate([side[:count] for side in sides]))
    logits = shadows.logits[:, here].reshape(len(member), -1)[rows]
    return inputs(logits), member[rows]


def inputs(logits: np.ndarray) -> np.ndarray:
    """Log-odds of every class, up to `LOG_ODDS_CAP` either way, (n, classes) float64."""
    logits = np.asarray(logits, np.float64)
    if np.any(np.isnan(logits)) or np.any(np.isposinf(logits)):
        raise ValueError("logits must be finite or minus infinity")
    found = np.empty(logits.shape)
    for start in range(0, len(logits), CHUNK):
        rows = slice(start, start + CHUNK)
        log_p, log_q = log_probabilities(logits[rows])
        found[rows] = np.clip(log_p - log_q, -LOG_ODDS_CAP, LOG_ODDS_CAP)
    return found


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The output of the label's classifier before the sigmoid; the decision is "above zero"."""
    audited = evidence.audited
    own = {name: value[audited.label] for name, value in fitted.items()}
    scaled = (inputs(audited.logits) - own["mean"]) / own["scale"]
    value = np.sum(scaled * own["weight"], axis=-1) + own["bias"]
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))


def _fit_class(values: np.ndarray, member: np.ndarray, config: Config) -> dict[str, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 1e-12, scale, 1.0)
    found = LogisticRegression(C=config.inverse_penalty, max_iter=1000)
    found.fit((values - mean) / scale, member)
    return {"mean": mean, "scale": scale, "weight": found.coef_[0], "bias": found.intercept_[0]}
