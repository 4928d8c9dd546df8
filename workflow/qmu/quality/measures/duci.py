"""`duci`: what share of the forget set does the model still hold?

Source: Tong, Ye, Zarifzadeh and Shokri 2025, "How much of my dataset did you use?" (DUCI), with the
code of Privacy Meter. Counting the images that a membership attack names overstates a share by the
attack's false positives and understates it by its misses; both are known from reference models, and
(share named - FPR) / (TPR - FPR) is right on average. The threshold is the one at which the
reference models' members and non-members are told apart best.

Unlearning moves the whole class, held or not, so two things are the audited model's own: scores are
taken relative to the images of the class that it never held, by their mean and deviation, and the
FPR is that of these images. A model that holds nothing then reads 0 whatever it does to the class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pydantic import Field

from qmu.attacks.thresholds import best_threshold
from qmu.audit.measurement import Measurement
from qmu.metrics.intervals import newcombe, union
from qmu.metrics.likelihood import logit_confidence
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import Statistic, named
from qmu.strict import Strict

CARD = QualityCard(
    title="Residual share of the forget set (DUCI)",
    source="Tong et al. 2025; Privacy Meter, released code",
    fleets=True,
    answers=True,
    statement=(
        "Share of the forget set that is still held as shadow models hold their members: 0 for a "
        "retrained model, 1 for the original, up to chance; values are not cut at 0 or 1. The "
        "interval is over images: how strongly one model holds its images is that of shadow models "
        "on average."
    ),
    metrics=(Metric("duci", "residual share", 0.0),),
)


class Config(Strict):
    """``advantage``: the smallest TPR - FPR of the shadow models at which a share is read off;
    below, members leave too little to count by. ``images``: the fewest images of a class on either
    side."""

    advantage: float = Field(default=0.1, gt=0, lt=1)
    images: int = Field(default=5, ge=2)


@dataclass(frozen=True)
class Reference:
    """What shadow models say: the mean confidence ``outside`` (n,) of models that never saw an
    image, the ``threshold`` on scores, and the ``advantage`` TPR - FPR at it."""

    outside: np.ndarray
    threshold: float
    advantage: float


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """The share per seed; NaN where members leave too little or images are too few."""
    known = reference(exam, config)
    return [_share(exam, one, known, config) for one in exam.seeds]


def reference(exam: Exam, config: Config) -> Reference:
    """Threshold and advantage over the shadow models' images of the forget set, each scored by the
    models other than its own."""
    fleet, forget = exam.shadows, exam.forget
    values = logit_confidence(fleet.logits, fleet.label)
    count = (~fleet.member).sum(axis=0)
    total = np.where(fleet.member, 0.0, values).sum(axis=0)
    members, others = [], []
    for own, member in zip(values, fleet.member, strict=True):
        rest, sums = count - ~member, total - np.where(member, 0.0, own)
        mean = np.divide(sums, rest, out=np.full(len(rest), np.nan), where=rest > 0)
        score = relative(own - mean, forget & ~member, fleet.label, config.images)
        judged = forget & ~np.isnan(score)
        members.append(score[judged & member])
        others.append(score[judged & ~member])
    inside, outside = np.concatenate(members), np.concatenate(others)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    if not len(inside) or not len(outside):
        return Reference(mean, np.nan, 0.0)
    threshold = best_threshold(inside, outside)
    advantage = np.mean(inside >= threshold) - np.mean(outside >= threshold)
    return Reference(mean, threshold, float(advantage))


def relative(values: np.ndarray, never: np.ndarray, label: np.ndarray, fewest: int) -> np.ndarray:
    """Deviations (n,) of ``values`` (n,) from those of the images ``never`` (n,) bool held, class
    by class; NaN in classes with fewer than ``fewest`` of these or without spread among them."""
    found = np.full(len(values), np.nan)
    for name in np.unique(label[never]):
        rows = label == name
        rivals = values[rows & never]
        rivals = rivals[~np.isnan(rivals)]
        if len(rivals) >= fewest and rivals.std() > 0:
            found[rows] = (values[rows] - rivals.mean()) / rivals.std(ddof=1)
    return found


def _share(exam: Exam, one: SeedExam, known: Reference, config: Config) -> Measurement:
    never = one.forget & ~np.isin(one.split, ("forget_train",))
    values = logit_confidence(one.outputs["logits"], one.label) - known.outside
    score = relative(values, never, one.label, config.images)
    judged = one.forget & ~np.isnan(score)
    members, others = judged & ~never, judged & never
    draw, metric = exam.draw(one.seed), named(exam, "duci")
    if known.advantage < config.advantage or min(members.sum(), others.sum()) < config.images:
        return draw.value(metric, "forget_train", float("nan"), int(members.sum()))
    held, images = members[judged], np.flatnonzero(judged)
    hit = score[judged] >= known.threshold
    found = draw.bootstrap(
        metric, "forget_train", len(held), _difference(hit, held, known.advantage), images=images
    )
    # Rates of 0 or 1 show no spread by resampling.
    counts = [(int(hit[side].sum()), int(side.sum())) for side in (held, ~held)]
    low, high = newcombe(*counts, exam.settings.confidence)
    own = (low / known.advantage, high / known.advantage)
    estimate = found.estimate
    interval = own if estimate.interval is None else union(own, estimate.interval)
    return found.with_estimate(replace(estimate, interval=interval))


def _difference(hit: np.ndarray, held: np.ndarray, unit: float) -> Statistic:
    """The rate of ``hit`` among ``held`` images minus that among the others, over ``unit``."""

    def statistic(weights: np.ndarray) -> np.ndarray:
        rates = []
        for side in (held, ~held):
            total = np.maximum(weights[:, side].sum(axis=1), 1e-300)
            rates.append(weights[:, side] @ hit[side] / total)
        return (rates[0] - rates[1]) / unit

    return statistic
