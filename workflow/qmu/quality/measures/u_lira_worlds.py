"""`u_lira_worlds`: can an attacker tell the audited model from retrained ones, image by image?

Source: Hayes et al. 2024, "Inexact unlearning needs more careful evaluations" (arXiv:2403.01218),
U-LiRA. Per image, normal distributions of the logit-scaled confidence over shadow models that held
and unlearned it, and over retrained models; their likelihood ratio decides on models of neither
fleet: the audited one, and the seed's retrained ones.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu.audit.measurement import Measurement
from qmu.metrics import likelihood
from qmu.metrics.likelihood import Gaussians, logit_confidence
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import auc, mean, named
from qmu.quality.worlds import confidences
from qmu.strict import Strict

CARD = QualityCard(
    title="Unlearned or retrained? (U-LiRA)",
    source="Hayes et al. 2024, arXiv:2403.01218",
    fleets=True,
    statement=(
        "The likelihood ratio of an image's confidence, from shadow models, tells the unlearned "
        "model from retrained ones it was not fitted on. 0.5: indistinguishable. A variance of its "
        "own per image needs 64 models; with fewer it is pooled over the forget class."
    ),
    metrics=(
        Metric("u_lira_auc", "U-LiRA, AUC", 0.5),
        Metric("u_lira_accuracy", "U-LiRA, accuracy", 0.5, drawn=False),
    ),
)


class Config(Strict):
    """``few``: below so many models an image takes the variance pooled over its class;
    ``models``: the fewest of either world for an image to count."""

    few: int = Field(default=likelihood.FEW, ge=2)
    models: int = Field(default=2, ge=2)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """AUC, and balanced accuracy at a ratio of one, over each seed's forget set."""
    member = exam.shadows.member
    after, oracle = confidences(exam)
    label = exam.shadows.label
    # Retrained models of other members: the unlearned ones stem from the same originals.
    held = likelihood.fit(after, member, label, config.few)
    never = likelihood.fit(oracle, ~member, label, config.few)
    enough = np.minimum(member.sum(axis=0), (~member).sum(axis=0)) >= config.models
    found = []
    for one in exam.seeds:
        rows = one.rows("forget_train")
        rows = rows[enough[rows]]
        found += _figures(exam, one, rows, held, never)
    return found


def _figures(
    exam: Exam, one: SeedExam, rows: np.ndarray, held: Gaussians, never: Gaussians
) -> list[Measurement]:
    def ratio(logits: np.ndarray) -> np.ndarray:
        values = logit_confidence(logits, one.label)
        return (held.log_density(values) - never.log_density(values))[..., rows]

    others = one.ensemble_logits
    if exam.variant != "retrain":
        others = np.concatenate([others, one.retrain_outputs["logits"][None]])
    audited, retrained = ratio(one.outputs["logits"]), ratio(others)
    right = (_above(audited) + np.mean(1 - _above(retrained), axis=0)) / 2
    draw, n = exam.draw(one.seed), len(rows)
    return [
        draw.bootstrap(named(exam, metric), "forget_train", n, statistic, share=True)
        for metric, statistic in (
            ("u_lira_auc", auc(audited, retrained)),
            ("u_lira_accuracy", mean(right)),
        )
    ]


def _above(ratio: np.ndarray) -> np.ndarray:
    """1 for a ratio of likelihoods above one, 1/2 where neither world is likelier."""
    return (ratio > 0) + 0.5 * (ratio == 0)
