"""`u_lira_worlds`: can an attacker tell the audited model from retrained ones, image by image?

Source: Hayes et al. 2024, "Inexact unlearning needs more careful evaluations" (arXiv:2403.01218),
U-LiRA. Per image, normal distributions of the logit-scaled confidence over shadow models that held
and unlearned it, and over retrained models; their likelihood ratio decides on models of neither
fleet: the audited one, and the seed's retrained ones.

The bias of the forget class, or a temperature, tells the worlds apart on its own. The aligned
figures are the same after both are matched, model by model (`quality.alignment`).
"""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from qmu.audit.measurement import Measurement
from qmu.metrics import likelihood
from qmu.metrics.likelihood import Gaussians, logit_confidence
from qmu.quality.alignment import matched
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
        "own per image needs 64 models; with fewer it is pooled over the forget class. Aligned: "
        "after temperature and class bias are matched, either of which tells apart on its own; a "
        "method that masks the logit has no such figure."
    ),
    metrics=(
        Metric("u_lira_auc", "U-LiRA, AUC", 0.5),
        Metric("u_lira_accuracy", "U-LiRA, accuracy", 0.5, drawn=False),
        Metric("u_lira_aligned_auc", "U-LiRA aligned, AUC", 0.5),
        Metric("u_lira_aligned_accuracy", "U-LiRA aligned, accuracy", 0.5, drawn=False),
    ),
)


class Config(Strict):
    """``few``: below so many models an image takes the variance pooled over its class;
    ``models``: the fewest of either world for an image to count."""

    few: int = Field(default=likelihood.FEW, ge=2)
    models: int = Field(default=2, ge=2)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """AUC, and balanced accuracy at a ratio of one, over each seed's forget set, of the answers as
    they are and after alignment; NaN where those of a fleet cannot be aligned."""
    found = _measure(exam, config, "u_lira")
    for one in exam.seeds:
        common = matched(exam, one)
        if common is not None:
            found += _measure(common, config, "u_lira_aligned")
            continue
        draw, n = exam.draw(one.seed), len(one.rows("forget_train"))
        metrics = (named(exam, f"u_lira_aligned_{figure}") for figure in ("auc", "accuracy"))
        found += [draw.value(metric, "forget_train", math.nan, n) for metric in metrics]
    return found


def _measure(exam: Exam, config: Config, name: str) -> list[Measurement]:
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
        found += _figures(exam, one, rows, held, never, name)
    return found


def _figures(
    exam: Exam, one: SeedExam, rows: np.ndarray, held: Gaussians, never: Gaussians, name: str
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
            (f"{name}_auc", auc(audited, retrained)),
            (f"{name}_accuracy", mean(right)),
        )
    ]


def _above(ratio: np.ndarray) -> np.ndarray:
    """1 for a ratio of likelihoods above one, 1/2 where neither world is likelier."""
    return (ratio > 0) + 0.5 * (ratio == 0)
