"""`klom`: the divergence of each image's margin between unlearned and retrained models.

Source: Georgiev et al. 2024, "Attribute-to-delete" (arXiv:2410.23232). Over the models of a fleet
an image's margin has a distribution; its Kullback-Leibler divergence from the retrained models' is
estimated by histograms on the joint range. A histogram of few models diverges by chance, so only
the distance to the floor counts: as many retrained models against others.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat

from qmu.audit.measurement import Measurement
from qmu.quality.exam import Exam, Metric, QualityCard
from qmu.quality.statistics import mean, named, quantile
from qmu.quality.worlds import SPLITS, Worlds, confidences, worlds
from qmu.strict import Strict

CARD = QualityCard(
    title="KL divergence of margins (KLoM)",
    source="Georgiev et al. 2024, arXiv:2410.23232",
    fleets=True,
    statement=(
        "Nats between an image's margins over unlearned and over retrained shadow models, from "
        "equal numbers of models; a split's figure means its distance to the floor of the same "
        "split, and splits use different numbers of models, so they are not compared directly."
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
    models: int = Field(default=8, ge=2)
    tail: float = Field(default=0.95, gt=0, lt=1)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Mean and tail over the pool's images of each group."""
    draw, margins, found = exam.draw(None), confidences(exam), []
    for split in SPLITS:
        pair = worlds(exam, split, config.models, margins)
        values = np.empty(0) if pair is None else divergence(pair, config.bins, config.pseudo_share)
        for metric, statistic in (
            ("klom_mean", mean(values)),
            ("klom_p95", quantile(values, config.tail)),
        ):
            found.append(draw.bootstrap(named(exam, metric), split, len(values), statistic))
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
