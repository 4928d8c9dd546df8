"""`bavaria`: LiRA with a prior on each sample's Gaussians, so that few shadow models suffice.

Source: "BaVarIA", 2026 (arXiv:2603.11799); the formulas are reconstructed from its abstract. Per
sample and world (trained on it, or not) the confidence is normal with unknown mean and variance
under a normal-inverse-gamma prior of the sample's class; what the shadow models say updates it, and
the score is the log-ratio of the two posterior predictive Student densities (Murphy 2007,
"Conjugate Bayesian analysis of the Gaussian distribution"). No number of models switches from a
shared variance to an own one, as in LiRA: the data outweigh the prior as they grow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import NonNegativeFloat

from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import confidences, for_rows, given
from qmu.metrics.likelihood import SMALLEST
from qmu.strict import Strict

CARD = AttackCard(
    title="LiRA with a prior (BaVarIA)",
    source="2026, arXiv:2603.11799, reconstructed",
    access="logits and labels; shadow models, some of them trained on each sample",
    needs=("shadows",),
    statement=(
        "Score: log-ratio of Student densities of the label's logit-scaled confidence, models that "
        "saw the sample against models that did not, each with mean and variance drawn towards "
        "those of the class by a prior. Decision: score > 0, with no threshold fitted."
    ),
    calibrated=True,
)


class Config(Strict):
    """``freedom``: the degrees of freedom that the class's variance weighs in a sample's own.
    ``models``: the models that the class's mean weighs in a sample's own; null takes the ratio of
    the variance within samples to that between them, which fits normal samples best."""

    freedom: NonNegativeFloat = 8.0
    models: NonNegativeFloat | None = None


@dataclass(frozen=True)
class Student:
    """Location, scale and degrees of freedom of a t-distribution per sample, (n,) each; NaN where
    nothing is known."""

    location: np.ndarray
    scale: np.ndarray
    freedom: np.ndarray

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """log St(value) of (..., n) values."""
        from scipy.special import gammaln

        nu, z = self.freedom, (values - self.location) / self.scale
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
        return constant - np.log(self.scale) - (nu + 1) / 2 * np.log1p(z**2 / nu)


def predictive(
    values: np.ndarray, chosen: np.ndarray, group: np.ndarray, config: Config
) -> Student:
    """The posterior predictive per sample from ``values`` (models, n) of the models ``chosen``
    (models, n) bool, with priors per ``group`` (n,).

    A group where no sample has two models takes the variance within samples of all groups. NaN
    where even that is missing, or without any model in the group.
    """
    count = chosen.sum(axis=0)
    total = np.where(chosen, values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.zeros(len(count)), where=count > 0)
    squares = np.where(chosen, (values - mean) ** 2, 0.0).sum(axis=0)
    location, scale, freedom = (np.full(len(count), np.nan) for _ in range(3))
    everywhere = _within(squares, count)
    for name in np.unique(group):
        rows = group == name
        known = rows & (count > 0)
        within = _within(squares[rows], count[rows])
        within = max(everywhere if np.isnan(within) else within, SMALLEST**2)
        if not known.any() or np.isnan(within):
            continue
        centre = total[known].sum() / count[known].sum()
        weight = config.models
        if weight is None:
            weight = within / _between(mean[known], count[known], within)
        n = count[rows]
        k, nu = weight + n, config.freedom + n
        sums = config.freedom * within + squares[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            sums = sums + weight * n / k * (mean[rows] - centre) ** 2
            location[rows] = (weight * centre + n * mean[rows]) / k
            scale[rows] = np.sqrt(np.maximum(sums / nu, SMALLEST**2) * (k + 1) / k)
        freedom[rows] = nu
    return Student(location, scale, freedom)


def _within(squares: np.ndarray, count: np.ndarray) -> float:
    """The variance of one sample's values, pooled by degrees of freedom; NaN without any."""
    freedom = np.maximum(count - 1, 0).sum()
    return float(squares.sum() / freedom) if freedom else float("nan")


def _between(mean: np.ndarray, count: np.ndarray, within: float) -> float:
    """The variance of the samples' true means: that of their observed ones less what the models
    add, at least a thousandth of the variance within samples."""
    observed = mean.var(ddof=1) if len(mean) > 1 else 0.0
    return max(float(observed - within * np.mean(1 / count)), within / 1000)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Per pool image (n,): ``sample_id``, and location, scale and freedom of either world.

    Raises ValueError without shadow models, or where no sample has two models on a side.
    """
    shadows = given(evidence.shadows, "bavaria")
    values, fitted = confidences(shadows), {"sample_id": shadows.sample_id}
    for name, chosen in (("in", shadows.member), ("out", ~shadows.member)):
        world = predictive(values, chosen, shadows.label, config)
        if np.isnan(world.scale).all():
            raise ValueError(f"bavaria: no sample has two shadow models on the side {name!r}")
        fitted |= {f"{name}_{key}": value for key, value in vars(world).items()}
    return fitted


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The log-ratio; 0 for a sample of whose class the shadow models of one side say nothing."""
    audited = evidence.audited
    fitted, own = for_rows(fitted, audited, "bavaria"), confidences(audited)
    inside, outside = (
        Student(*(fitted[f"{side}_{key}"] for key in ("location", "scale", "freedom")))
        for side in ("in", "out")
    )
    found = inside.log_density(own) - outside.log_density(own)
    value = np.where(np.isnan(found), 0.0, found)
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))
