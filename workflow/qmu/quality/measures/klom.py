"""`klom`: the divergence of each image's margin between unlearned and retrained models.

Source: Georgiev et al. 2024, "Attribute-to-delete" (arXiv:2410.23232). Over the models of a fleet
an image's margin has a distribution; its Kullback-Leibler divergence from the retrained models' is
estimated by histograms on the joint range. A histogram of few models diverges by chance, so only
the distance to the floor counts: as many retrained models against others. Intervals spread over
images and over the models of the fleets.
"""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field, PositiveFloat

from qmu.audit.measurement import Measurement
from qmu.quality.exam import Exam, Metric, QualityCard
from qmu.quality.statistics import Statistic, mean, named, of_fleet, quantile
from qmu.quality.worlds import FEWEST, SIZE, SPLITS, Worlds, confidences, without, worlds
from qmu.strict import Strict

CARD = QualityCard(
    title="KL divergence of margins (KLoM)",
    source="Georgiev et al. 2024, arXiv:2410.23232",
    fleets=True,
    answers=True,
    statement=(
        "Nats between an image's margins over unlearned and over retrained shadow models, from "
        "equal numbers of models; a split's figure means its distance to the floor of the same "
        "split, and splits use different numbers of models, so they are not compared directly. "
        + SIZE
    ),
    metrics=(
        Metric("klom_mean", "KLoM, mean"),
        Metric("klom_p95", "KLoM, 95th percentile", drawn=False),
    ),
)


class Config(Strict):
    """``bins`` of a histogram, ``pseudo_share`` added to the share of every bin, ``models``: the
    fewest on either side for an image to count, ``tail``: the quantile over images."""

    bins: int = Field(default=10, ge=2)
    pseudo_share: PositiveFloat = 1e-5
    models: int = Field(default=FEWEST, ge=2)
    tail: float = Field(default=0.95, gt=0, lt=1)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Mean and tail over the pool's images of each group; NaN for a group of which no image has
    models enough."""

    def tail(values: np.ndarray) -> Statistic:
        return quantile(values, config.tail)

    draw, margins, found = exam.draw(None), confidences(exam), []
    summaries = {"klom_mean": mean, "klom_p95": tail}
    for split in SPLITS:
        pair = worlds(exam, split, config.models, margins)
        if pair is None:
            found += [draw.value(named(exam, name), split, math.nan, 0) for name in summaries]
            continue
        values, *others = (
            divergence(one, config.bins, config.pseudo_share)
            for one in (pair, *without(pair, config.models))
        )
        for name, summary in summaries.items():
            models = of_fleet(summary, others)
            figure = (named(exam, name), split, len(values), summary(values))
            found.append(draw.bootstrap(*figure, images=pair.images, models=models))
    return found


def divergence(pair: Worlds, bins: int, pseudo_share: float) -> np.ndarray:
    """KL(unlearned || retrained) per image, (n,), nats."""
    low = _extreme(pair, np.min, np.inf)
    high = _extreme(pair, np.max, -np.inf)
    width = np.where(high > low, high - low, 1.0)

    def shares(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        place = np.minimum(np.floor((values - low) / width * bins), bins - 1)
        counts = np.stack([np.sum(chosen & (place == b), axis=0) for b in range(bins)])
        return (counts / chosen.sum(axis=0) + pseudo_share) / (1 + bins * pseudo_share)

    p, q = shares(pair.unlearned, pair.first), shares(pair.retrained, pair.second)
    return np.sum(p * np.log(p / q), axis=0)


def _extreme(pair: Worlds, choose, otherwise: float) -> np.ndarray:
    sides = ((pair.unlearned, pair.first), (pair.retrained, pair.second))
    return choose(
        [choose(np.where(chosen, values, otherwise), axis=0) for values, chosen in sides], axis=0
    )
