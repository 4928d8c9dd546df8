"""`rmia`: how many population samples a sample outdoes in relative likelihood.

Source: Zarifzadeh, Liu and Shokri 2024, "Low-cost high-power membership inference attacks"
(arXiv:2312.03262). The audited model's probability of a sample's label is set against its average
over shadow models, r(x) = p(y|x) / p(x), and the score is the share of population samples z with
r(x) / r(z) > gamma. All in logarithms.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from qmu.attacks.game import AttackCard, Evidence, Scored, ShadowModels
from qmu.attacks.lira import for_rows, given
from qmu.attacks.population import population_of
from qmu.attacks.statistics import log_mean, log_probability
from qmu.metrics.roc import auc
from qmu.strict import Strict

CARD = AttackCard(
    title="RMIA",
    source="Zarifzadeh et al. 2024, arXiv:2312.03262",
    access="logits and labels; shadow models; a population of non-members",
    needs=("shadows",),
    statement=(
        "Score: share of population samples that the sample outdoes in probability relative to "
        "shadow models. The population (validation images and a quarter of the never-used ones) "
        "counts as fitted on and is not judged. Decision: more than the configured share."
    ),
    calibrated=True,
)

GRID = np.arange(11) / 10


class Config(Strict):
    """``mode``: whether p(x) averages models trained with and without x (online), or only the
    latter, from which p_in is taken as a p_out + 1 - a (offline). ``offline_a``: that a; null
    picks the a of 0, 0.1 .. 1 that best attacks one shadow model with the others. ``gamma``: how
    much x must outdo z. ``population``: samples of all classes or of x's own. ``cut``: the share
    to be outdone for the decision.

    Either population ranks the forget class alike, for all classes include it (AUC of one trained
    and unlearned `hqnn` with 16 shadow models: 0.68 and 0.68 before, 0.61 and 0.61 after gradient
    ascent). "all" is the default because it is the larger: with a hundred rivals more than one
    non-member in a hundred outdoes them all, and no rate at 1% false positives is left. "class"
    keeps the decision, and its advantage, informative for a class that a model denies.
    """

    mode: Literal["offline", "online"] = "online"
    offline_a: float | None = Field(default=0.3, ge=0, le=1)
    gamma: float = Field(default=1.0, ge=1)
    population: Literal["all", "class"] = "all"
    population_share: float = Field(default=0.25, gt=0, lt=1)
    cut: float = Field(default=0.5, ge=0, lt=1)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """``sample_id`` (n,) and ``log_average`` (n,): log p(x); ``offline_a`` (1,) in use."""
    shadows = given(evidence.shadows, "rmia")
    log_p = log_probability(shadows)
    a = config.offline_a
    if a is None:
        a = _tuned(shadows, log_p) if config.mode == "offline" else 0.0
    average = log_average(log_p, shadows.member, config.mode, a)
    return {
        "sample_id": shadows.sample_id,
        "log_average": average,
        "offline_a": np.array([a]),
    }


def log_average(log_p: np.ndarray, member: np.ndarray, mode: str, a: float) -> np.ndarray:
    """log p(x) (n,) from the log-probabilities of the labels (models, n).

    Online (p_in + p_out) / 2, offline ((1 + a) p_out + 1 - a) / 2. A sample without models on one
    side takes the other side's average for it.
    """
    inside, outside = (log_mean(log_p, chosen) for chosen in (member, ~member))
    inside, outside = (
        np.where(np.isnan(one), other, one) for one, other in ((inside, outside), (outside, inside))
    )
    if mode == "online":
        return np.logaddexp(inside, outside) - np.log(2)
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log1p(a) + outside, np.log1p(-a)) - np.log(2)


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The share of the population outdone; 0 where the model rules the label out."""
    audited = evidence.audited
    fitted = for_rows(fitted, audited, "rmia")
    population = population_of(audited, config.population_share)
    log_r = log_probability(audited) - fitted["log_average"]
    group = audited.label if config.population == "class" else np.zeros(len(log_r), int)
    value = outdone(log_r, population, group, config.gamma)
    return Scored(score=value, decision=value > config.cut, fitted=population)


def outdone(
    log_r: np.ndarray, population: np.ndarray, group: np.ndarray, gamma: float
) -> np.ndarray:
    """Per sample (n,) the share of ``population`` (n,) bool in its ``group`` (n,) with
    r(x) / r(z) > gamma. A sample whose group has no population is set against all of it.

    Ratios matter only relative to each other: a common factor on r changes nothing. Raises
    ValueError for an empty population.
    """
    if not population.any():
        raise ValueError("rmia: no validation or unseen samples to serve as population")
    found = np.empty(len(log_r))
    for name in np.unique(group):
        here = group == name
        rivals = population & here if (population & here).any() else population
        found[here] = _share_below(log_r[here] - np.log(gamma), np.sort(log_r[rivals]))
    return found


def _share_below(values: np.ndarray, rivals: np.ndarray) -> np.ndarray:
    return np.searchsorted(rivals, values, side="left") / len(rivals)


def _tuned(shadows: ShadowModels, log_p: np.ndarray) -> float:
    """The a with which the models but the first best attack the first; of equals the smallest.

    Retained and forget classes alike: what is compared is the ratio r itself, class by class.
    """
    if len(log_p) < 2:
        raise ValueError("rmia: tuning offline_a takes two shadow models")
    member, areas = shadows.member[0], []
    for a in GRID:
        log_r = log_p[0] - log_average(log_p[1:], shadows.member[1:], "offline", float(a))
        rows = [shadows.label == label for label in np.unique(shadows.label)]
        rows = [row for row in rows if member[row].any() and not member[row].all()]
        areas.append(np.mean([auc(log_r[row & member], log_r[row & ~member]) for row in rows]))
    return float(GRID[int(np.argmax(areas))])
