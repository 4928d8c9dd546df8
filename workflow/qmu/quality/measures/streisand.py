"""`streisand`: do the forgotten images stand out by their loss?

Sources: Golatkar et al. 2020 and Chundawat et al. 2023 (arXiv:2205.08096) on
the Streisand effect: pushing the loss of the forget set beyond that of a retrained model gives its
members away as surely as a loss that stayed too low.
"""

from __future__ import annotations

import numpy as np

from qmu.audit.measurement import Measurement
from qmu.metrics.likelihood import logit_confidence
from qmu.quality.exam import Exam, Metric, QualityCard
from qmu.quality.statistics import Statistic, auc, named, unknown
from qmu.strict import Strict

CARD = QualityCard(
    title="Streisand effect on the loss of the forget set",
    source="Golatkar et al. 2020; Chundawat et al. 2023, arXiv:2205.08096",
    answers=True,
    statement=(
        "AUC: the chance that a forget image's loss under the audited model exceeds one's under a "
        "retrained model; 0.5 is ideal, above it the model over-forgets, below it still knows. KS: "
        "the largest distance of the two distributions, 0 to 1. Both by the order of losses alone."
    ),
    metrics=(
        Metric("streisand_auc", "loss against retrain, AUC", 0.5),
        Metric("streisand_ks", "loss against retrain, KS", drawn=False),
    ),
)


class Config(Strict):
    """Nothing to set."""


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """KS distance and AUC of the losses of each seed's forget set; NaN without another
    retrained model."""
    found = []
    for one in exam.seeds:
        if not len(one.ensemble_logits):
            found += unknown(exam, one, "forget_train", "streisand_ks", "streisand_auc")
            continue
        rows = one.rows("forget_train")
        # Minus the logit-scaled confidence orders samples as the cross-entropy does, without its
        # rounding to zero.
        audited = -logit_confidence(one.outputs["logits"][rows], one.label[rows])
        retrained = -logit_confidence(one.ensemble_logits[:, rows], one.label[rows])
        draw = exam.draw(one.seed)
        for metric, statistic in (
            ("streisand_ks", kolmogorov_smirnov(audited, retrained)),
            ("streisand_auc", auc(audited, retrained)),
        ):
            name = named(exam, metric)
            found.append(draw.bootstrap(name, "forget_train", len(rows), statistic, True, rows))
    return found


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> Statistic:
    """The largest distance between the distribution functions of (n,) and (k, n) values."""
    levels = np.unique(np.concatenate([first, second.ravel()]))
    below = (first[:, None] <= levels) - np.mean(second[:, :, None] <= levels, axis=0)
    return lambda weights: np.abs(weights @ below).max(axis=1)
