"""`u_lira_worlds`: can an attacker tell the audited model from retrained ones, image by image?

Source: Hayes et al. 2024, "Inexact unlearning needs more careful evaluations" (arXiv:2403.01218),
U-LiRA. Per image, normal distributions of the logit-scaled confidence over shadow models that held
and unlearned it, and over retrained models; their likelihood ratio decides on models of neither
fleet: the audited one, and the seed's retrained ones.

The bias of the forget class, or a temperature, tells the worlds apart on its own. The aligned
figures are the same after both are matched, model by model (`quality.alignment`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from qmu.audit.measurement import Measurement
from qmu.metrics import likelihood
from qmu.metrics.likelihood import Gaussians, logit_confidence
from qmu.quality.alignment import matched
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import Statistic, auc, mean, named, unknown
from qmu.quality.worlds import confidences, left_out
from qmu.strict import Strict

CARD = QualityCard(
    title="Unlearned or retrained? (U-LiRA)",
    source="Hayes et al. 2024, arXiv:2403.01218",
    fleets=True,
    answers=True,
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

SPLIT = "forget_train"


class Config(Strict):
    """``few``: below so many models an image takes the variance pooled over its class;
    ``models``: the fewest of either world for an image to count."""

    few: int = Field(default=likelihood.FEW, ge=2)
    models: int = Field(default=2, ge=2)


Pair = tuple[Gaussians, Gaussians]


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """AUC, and balanced accuracy at a ratio of one, over each seed's forget set, of the answers as
    they are and after alignment; NaN where those of a fleet cannot be aligned, and without another
    retrained model.

    Intervals spread over images and over the shadow models that the ratio is fitted on.
    """
    found = _measure(exam, config, "u_lira")
    for one in exam.seeds:
        common = matched(exam, one)
        if common is None:
            found += unknown(exam, one, SPLIT, "u_lira_aligned_auc", "u_lira_aligned_accuracy")
        else:
            found += _measure(common, config, "u_lira_aligned")
    return found


def _measure(exam: Exam, config: Config, name: str) -> list[Measurement]:
    member = exam.shadows.member
    margins, label = confidences(exam), exam.shadows.label
    everyone = np.ones(len(member), bool)
    pairs = [
        _fitted(margins, member, label, stays, config.few)
        for stays in (everyone, *left_out(len(member), config.models))
    ]
    enough = np.minimum(member.sum(axis=0), (~member).sum(axis=0)) >= config.models
    found = []
    for one in exam.seeds:
        rows = one.rows(SPLIT)
        found += _figures(exam, one, rows[enough[rows]], pairs, name)
    return found


def _fitted(
    margins: tuple[np.ndarray, np.ndarray],
    member: np.ndarray,
    label: np.ndarray,
    stays: np.ndarray,
    few: int,
) -> Pair:
    """The worlds that held an image and never held it, from the models that stay."""
    keep = stays[:, None]
    # Retrained models of other members: the unlearned ones stem from the same originals.
    return (
        likelihood.fit(margins[0], member & keep, label, few),
        likelihood.fit(margins[1], ~member & keep, label, few),
    )


def _figures(
    exam: Exam, one: SeedExam, rows: np.ndarray, pairs: Sequence[Pair], name: str
) -> list[Measurement]:
    others = one.ensemble_logits
    if exam.variant != "retrain":
        others = np.concatenate([others, one.retrain_outputs["logits"][None]])
    if not len(others):
        return unknown(exam, one, SPLIT, f"{name}_auc", f"{name}_accuracy")
    audited, retrained = (
        logit_confidence(logits[..., rows, :], one.label[rows])
        for logits in (one.outputs["logits"], others)
    )
    draw, n = exam.draw(one.seed), len(rows)
    whole, *parts = (
        _statistics(_ratio(audited, pair, rows), _ratio(retrained, pair, rows)) for pair in pairs
    )
    uniform = np.full((1, n), 1 / max(n, 1))
    return [
        draw.bootstrap(
            named(exam, f"{name}_{figure}"),
            SPLIT,
            n,
            statistic,
            share=True,
            images=rows,
            models=np.array([part[figure](uniform)[0] for part in parts]),
        )
        for figure, statistic in whole.items()
    ]


def _ratio(values: np.ndarray, pair: Pair, rows: np.ndarray) -> np.ndarray:
    """The log-likelihood ratio of confidences (..., k) on the images ``rows`` (k,)."""
    held, never = (Gaussians(one.mean[rows], one.deviation[rows]) for one in pair)
    return held.log_density(values) - never.log_density(values)


def _statistics(audited: np.ndarray, retrained: np.ndarray) -> dict[str, Statistic]:
    right = (_above(audited) + np.mean(1 - _above(retrained), axis=0)) / 2
    return {"auc": auc(audited, retrained), "accuracy": mean(right)}


def _above(ratio: np.ndarray) -> np.ndarray:
    """1 for a ratio of likelihoods above one, 1/2 where neither world is likelier."""
    return (ratio > 0) + 0.5 * (ratio == 0)
