"""`forget_quality`: how well an attacker who knows both worlds tells them apart, image by image.

Source: Triantafillou et al. 2024, "Are we making progress in unlearning?" (arXiv:2406.09073), the
measure of the NeurIPS 2023 challenge. For each forget image, thresholds on the logit-scaled
confidence separate unlearned from retrained models; the best of them gives an epsilon, small
epsilons give points, and the mean of the points is the forget quality.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from pydantic import Field

from qmu.audit.measurement import Measurement
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import mean, named, of_fleet
from qmu.quality.worlds import FEWEST, SIZE, Worlds, confidences, without, worlds
from qmu.strict import Strict

CARD = QualityCard(
    title="Forget quality of the NeurIPS challenge",
    source="Triantafillou et al. 2024, arXiv:2406.09073",
    fleets=True,
    answers=True,
    statement=(
        "1: no threshold tells an image's unlearned models from retrained ones; 0: one always "
        "does. From n models on either side no finite epsilon exceeds log(n - 1), and the best of "
        "all thresholds finds some epsilon by chance even between retrained models: read it "
        "against the floor, which has as many models. The final score multiplies by the accuracy "
        f"on retained classes, in training and test, relative to retraining. {SIZE}"
    ),
    metrics=(
        Metric("forget_quality", "forget quality", drawn=False),
        Metric("forget_quality_final", "forget quality, final"),
    ),
)

# Epsilon of a perfect separation, the cap of the challenge.
CAP = 50.0
# Points halve with every step of epsilon.
STEP = 0.5


class Config(Strict):
    """``models``: the fewest on either side for an image to count, ``delta`` of the differential
    privacy, ``spread``: the ratio of standard deviations below which a world has collapsed."""

    models: int = Field(default=FEWEST, ge=2)
    delta: float = Field(default=1e-5, ge=0, lt=0.5)
    spread: float = Field(default=0.01, ge=0, lt=1)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """The mean points over the pool's forget-class images, and the final score; NaN where no image
    has models enough. Intervals spread over images and over the models of the fleets."""
    draw, split = exam.draw(None), "forget_train"
    pair = worlds(exam, split, config.models, confidences(exam))
    factors = {"forget_quality": 1.0, "forget_quality_final": _kept(exam.seeds)}
    if pair is None:
        return [draw.value(named(exam, name), split, math.nan, 0) for name in factors]
    values, *others = (image_points(one, config) for one in (pair, *without(pair, config.models)))
    models, found = of_fleet(mean, others), []
    for name, factor in factors.items():
        figure = (named(exam, name), split, len(values), mean(values * factor))
        found.append(draw.bootstrap(*figure, images=pair.images, models=models * factor))
    return found


def image_points(pair: Worlds, config: Config) -> np.ndarray:
    """The points (n,) of every image."""
    found = []
    for image in range(pair.first.shape[1]):
        unlearned = pair.unlearned[pair.first[:, image], image]
        retrained = pair.retrained[pair.second[:, image], image]
        value = epsilon(unlearned, retrained, config.delta, config.spread)
        found.append(points(value, min(len(unlearned), len(retrained))))
    return np.array(found)


def epsilon(
    unlearned: np.ndarray, retrained: np.ndarray, delta: float = 1e-5, spread: float = 0.01
) -> float:
    """The largest epsilon, 0 to `CAP`, over attacks that call models unlearned whose confidence
    lies in an interval, or outside of it, of samples (n,) and (m,).

    Single thresholds are intervals without one end. An attack with just one error rate of zero
    says nothing and is left out.
    """
    deviations = np.std(unlearned), np.std(retrained)
    if deviations[0] < spread * deviations[1]:
        return CAP
    cuts = np.unique(np.concatenate([unlearned, retrained]))
    below = [
        np.concatenate([[0], np.searchsorted(np.sort(side), cuts, side="right")]) / len(side)
        for side in (unlearned, retrained)
    ]
    first, last = _pairs(len(cuts) + 1)
    inside_u, inside_r = (share[last] - share[first] for share in below)
    return max(_epsilon(inside_r, 1 - inside_u, delta), _epsilon(1 - inside_r, inside_u, delta))


@lru_cache(maxsize=8)
def _pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(count, k=1)


def _epsilon(fpr: np.ndarray, fnr: np.ndarray, delta: float) -> float:
    # Differences of shares carry rounding of 1e-16: no count is as small.
    fpr, fnr = np.where(fpr < 1e-9, 0.0, fpr), np.where(fnr < 1e-9, 0.0, fnr)
    if np.any((fpr == 0) & (fnr == 0)):
        return CAP
    known = (fpr > 0) & (fnr > 0)
    if not known.any():
        return 0.0
    fpr, fnr = fpr[known], fnr[known]
    odds = max(np.max((1 - delta - fpr) / fnr), np.max((1 - delta - fnr) / fpr))
    return min(max(math.log(odds), 0.0), CAP) if odds > 0 else 0.0


def points(value: float, models: int) -> float:
    """1 for an epsilon below 0.5, 1/2 below 1, 1/4 below 1.5 and so on up to the least integer
    above log(models - 1), which no finite epsilon exceeds; 0 beyond."""
    if value >= max(STEP, math.ceil(math.log(max(models - 1, 1)))):
        return 0.0
    return 0.5 ** math.floor(value / STEP)


def _kept(exams: tuple[SeedExam, ...]) -> float:
    """The product of the accuracies on retained classes, each relative to retraining."""
    product = 1.0
    for split in ("retain_train", "retain_test"):
        audited, oracle = (
            float(np.mean([_accuracy(exam, logits, split) for exam, logits in sides]))
            for sides in (
                [(exam, exam.outputs["logits"]) for exam in exams],
                [(exam, exam.retrain_outputs["logits"]) for exam in exams],
            )
        )
        product *= audited / oracle if oracle else math.nan
    return product


def _accuracy(exam: SeedExam, logits: np.ndarray, split: str) -> float:
    rows = exam.rows(split)
    return float(np.mean(logits[rows].argmax(axis=1) == exam.label[rows]))
