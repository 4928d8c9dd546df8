"""`ms_lira`: LiRA on everything that a model says: the confidence, every logit, every <Z>.

Source: the multi-signal LiRA of LeakPro (Johansson and Olsson 2025, released code), there a product
of independent normal densities. Here the signals of one sample are correlated, for logits are read
off the <Z>: normal densities of all signals together, with the correlation of the sample's class.
Uncorrelated signals give the product.

A method that sets the forget class's logit to minus infinity hides the confidence; the other logits
and the <Z> still speak. What is hidden says nothing here: densities are those of the signals left.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveInt

from qmu import losses
from qmu.attacks.game import AttackCard, Evidence, Scored, ShadowModels, View
from qmu.attacks.lira import confidences, for_rows, given
from qmu.metrics.likelihood import CLIP, FEW, Gaussians
from qmu.metrics.likelihood import fit as gaussians
from qmu.strict import Strict

CARD = AttackCard(
    title="LiRA on all signals",
    source="LeakPro, released code; after Carlini et al. 2022, arXiv:2112.03570",
    access="logits, what the circuit measured, labels; shadow models, some trained on each sample",
    needs=("shadows", "expectation_values"),
    statement=(
        "Score: log-likelihood ratio of the label's logit-scaled confidence, all logits and all "
        "<Z>, jointly normal with the correlation of the class, models that saw the sample against "
        "models that did not. Of a model without a circuit: confidence and logits. Signals that "
        "are masked are left out. Decision: score > 0."
    ),
    calibrated=True,
)


class Config(Strict):
    """``own_variance_from``: as in `lira_online`. ``shrinkage``: how far the correlations are drawn
    to zero, which keeps them invertible although logits follow from <Z>. Chosen on shadow models
    alone, each attacked by the others (`hqnn`, 16 models): the forget class's AUC is 0.68 at 0.1
    and 0.69 at 0.3 and 1, and with the class masked 0.61, 0.60 and 0.56."""

    own_variance_from: PositiveInt = FEW
    shrinkage: float = Field(default=0.3, gt=0, le=1)


def signals(model: View | ShadowModels, measured: bool) -> np.ndarray:
    """Confidence, logits and, if ``measured``, <Z>: (n, signals), or (models, n, signals) of
    shadows; NaN for what a logit of minus infinity hides."""
    logits = np.asarray(model.logits, np.float64)
    labels = np.broadcast_to(model.label, logits.shape[:-1])
    confidence = confidences(model)
    hidden = np.isinf(losses.of_label(logits, labels, np)) | (np.abs(confidence) == CLIP)
    found = [
        np.where(hidden, np.nan, confidence)[..., None],
        np.where(np.isinf(logits), np.nan, logits),
    ]
    if measured:
        found.append(np.asarray(model.expectation_values, np.float64))
    return np.concatenate(found, axis=-1)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Per pool image and signal (n, signals): mean and deviation of either side, with ``sample_id``
    (n,); per class ``correlation`` (classes, signals, signals), shrunk. Signals without shadow
    models that tell of them are NaN.

    Raises ValueError without shadow models, or where no sample has two models on a side.
    """
    shadows = given(evidence.shadows, "ms_lira")
    values = signals(shadows, shadows.expectation_values is not None)
    known, few = ~np.isnan(values), config.own_variance_from
    fitted, residuals = {"sample_id": shadows.sample_id}, np.zeros(values.shape)
    for name, chosen in (("in", shadows.member), ("out", ~shadows.member)):
        here = chosen[..., None] & known
        sides = [
            gaussians(values[..., k], here[..., k], shadows.label, few)
            for k in range(values.shape[-1])
        ]
        mean, deviation = (
            np.stack([getattr(s, key) for s in sides], -1) for key in ("mean", "deviation")
        )
        if np.isnan(deviation).all():
            raise ValueError(f"ms_lira: no sample has two shadow models on the side {name!r}")
        scaled = (values - mean) / deviation
        residuals += np.where(here & ~np.isnan(scaled), scaled, 0.0)
        fitted |= {f"{name}_mean": mean, f"{name}_deviation": deviation}
    return fitted | {"correlation": _correlations(residuals, shadows, config.shrinkage)}


def _correlations(residuals: np.ndarray, shadows: ShadowModels, shrinkage: float) -> np.ndarray:
    """Per class (classes, signals, signals), of residuals (models, n, signals) from each sample's
    own mean; a signal without spread is uncorrelated."""
    classes, count = shadows.logits.shape[-1], residuals.shape[-1]
    found = np.tile(np.eye(count), (classes, 1, 1))
    for label in range(classes):
        rows = residuals[:, shadows.label == label].reshape(-1, count)
        length = np.sqrt((rows**2).sum(axis=0))
        scaled = np.divide(rows, length, out=np.zeros(rows.shape), where=length > 0)
        found[label] = (1 - shrinkage) * (scaled.T @ scaled)
        np.fill_diagonal(found[label], 1.0)
    return found


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The log-likelihood ratio; 0 where no signal is left of which both sides tell."""
    audited, correlation = evidence.audited, fitted["correlation"]
    fitted = {name: values for name, values in fitted.items() if name != "correlation"}
    fitted = for_rows(fitted, audited, "ms_lira")
    classes, count = audited.logits.shape[-1], correlation.shape[-1]
    own = signals(audited, count > 1 + classes)
    inside, outside = (
        Gaussians(fitted[f"{side}_mean"], fitted[f"{side}_deviation"]) for side in ("in", "out")
    )
    scaled = [side.scaled(own) for side in (inside, outside)]
    known = ~np.isnan(scaled[0]) & ~np.isnan(scaled[1])
    value = np.zeros(len(own))
    # Rows of one class with the same signals share one matrix.
    keys = np.column_stack([audited.label, known])
    for key in np.unique(keys, axis=0):
        rows = (keys == key).all(axis=1)
        label, left = key[0], key[1:].astype(bool)
        if left.any():
            matrix = np.linalg.inv(correlation[label][np.ix_(left, left)])
            first, second = (_squared(one[np.ix_(rows, left)], matrix) for one in scaled)
            widths = np.log(outside.deviation / inside.deviation)[np.ix_(rows, left)]
            value[rows] = 0.5 * (second - first) + widths.sum(axis=1)
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))


def _squared(scaled: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis lengths (n,) of scaled signals (n, signals)."""
    return ((scaled @ inverse) * scaled).sum(axis=1)
