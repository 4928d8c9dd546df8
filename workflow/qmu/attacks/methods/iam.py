"""`iam`: how far a sample's confidence still stands between "never seen" and "as in the original".

Source: "Interpolated approximate measurement" of unlearning, USENIX Security 2025, with its
released code. Between what a sample's signal is in a model that never saw it and in the original,
models that hold it to a degree a are interpolated, and the score is the degree that the audited
model's signal reaches, averaged over Gumbel distributions at every a. One minus its mean is the
completeness of the unlearning. A single shadow model that was not trained on the sample suffices.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import check_rows, for_rows, given
from qmu.attacks.statistics import log_probability
from qmu.strict import Strict

CARD = AttackCard(
    title="Interpolated degree of membership (IAM)",
    source="IAM, USENIX Security 2025, released code",
    access="logits and labels of the audited and the original model; one shadow model or more",
    needs=("shadows",),
    fitted_on_target=True,
    statement=(
        "Score: the degree of membership, 0 to 1, that the label's confidence reaches between "
        "shadow models that did not see the sample and the original model. Decision: above one "
        "half. One minus the score is the completeness of the unlearning, per sample. The spread "
        "at each degree is that over samples and shadow models, so that one of these suffices."
    ),
    calibrated=True,
)

# The signal -log(FLOOR - log(OFFSET + p)) of the released code: bounded where p is 0 or 1.
FLOOR, OFFSET = 1e-2, 1e-5
# Smallest standard deviation: shadow models that agree throughout give a step, not a division by 0.
SMALLEST = 1e-6


class Config(Strict):
    """``degrees``: how many degrees of membership between 0 and 1 are interpolated."""

    degrees: int = Field(default=100, ge=2, le=10_000)


def signal(log_p: np.ndarray) -> np.ndarray:
    """The signal of log-probabilities of labels, the same shape; rises with p."""
    return -np.log(FLOOR - np.log(OFFSET + np.exp(log_p)))


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Per pool image (n,): ``sample_id``, its mean signal ``out`` over shadow models that never
    saw it and its signal ``original``; ``deviation`` (degrees,) of the signal at each degree, over
    images and shadow models. NaN for an image that no shadow model left out.

    Raises ValueError without shadow models, or where their samples are not the original's.
    """
    shadows = given(evidence.shadows, "iam")
    check_rows(shadows.sample_id, evidence.original, "iam")
    values, outside = signal(log_probability(shadows)), ~shadows.member
    if not outside.any():
        raise ValueError("iam: no sample was left out by a shadow model")
    count = outside.sum(axis=0)
    total = np.where(outside, values, 0.0).sum(axis=0)
    out = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    original = signal(log_probability(evidence.original))
    pairs = np.stack([values[outside], np.broadcast_to(original, values.shape)[outside]])
    spread = np.cov(pairs, bias=True)
    a = np.linspace(0, 1, config.degrees)
    weights = np.stack([1 - a, a])
    variance = np.einsum("id,ij,jd->d", weights, spread, weights)
    return {
        "sample_id": shadows.sample_id,
        "out": out,
        "original": original,
        "deviation": np.sqrt(np.maximum(variance, SMALLEST**2)),
    }


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The degree of membership; one half for a sample that no shadow model left out."""
    audited, deviation = evidence.audited, fitted["deviation"]
    fitted = for_rows(
        {name: fitted[name] for name in ("sample_id", "out", "original")}, audited, "iam"
    )
    own = signal(log_probability(audited))
    value = degree(own, fitted["out"], fitted["original"], deviation)
    value = np.where(np.isnan(value), 0.5, value)
    return Scored(score=value, decision=value > 0.5, fitted=np.zeros(len(value), bool))


def degree(
    own: np.ndarray, out: np.ndarray, original: np.ndarray, deviation: np.ndarray
) -> np.ndarray:
    """sum_i a_{i+1} F_i(own) / sum_i a_{i+1} per sample (n,): F_i is the distribution function of
    the Gumbel law with mean out + a_i (original - out) and the ``deviation`` (degrees,) at a_i."""
    a = np.linspace(0, 1, len(deviation))
    found = np.zeros(len(own))
    for i in range(len(a) - 1):
        scale = np.sqrt(6) / np.pi * deviation[i]
        mode = out + a[i] * (original - out) - np.euler_gamma * scale
        with np.errstate(over="ignore"):
            found += a[i + 1] * np.exp(-np.exp(-(own - mode) / scale))
    return found / a[1:].sum()
