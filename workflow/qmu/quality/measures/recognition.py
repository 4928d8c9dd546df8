"""`recognition`: how well does a model still tell the forgotten class?

As it answers, by accuracy on the class's images, one bias decides: lowered, it hides all that the
model knows, and raised, it makes a model that never saw the class name it. So the model is asked
twice more, by the rank of how likely it finds the class: from its own logits, with the temperature
matched and a masked logit opened, where the class's bias moves no rank; and from a head that is
fitted anew on images that no model saw (see `quality.alignment`), which no edit of the head moves.
The null is what retrained models read: their features tell classes apart too.

The gap between the class's bias and those of the retained classes shows a head that was edited
(arXiv:2605.08730).
"""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from qmu.audit.measurement import Measurement, Recorder
from qmu.models.heads import BIAS
from qmu.quality.alignment import FITTED_ON, fitting_rows, log_odds, match, open_logits, refit
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.strict import Strict

CARD = QualityCard(
    title="Recognition of the forgotten class",
    source="this project; bias gap: arXiv:2605.08730",
    whole_classes=True,
    statement=(
        "Accuracy on the forget class as the model answers; then the chance that an image of the "
        "class is found likelier to be one than a retained test image, by the model's own logits "
        "and by a head fitted anew on unseen images. Only the last is moved by no edit of the "
        "head. Read them against retrained models. Bias gap: the class's bias minus the median of "
        "the retained ones, in logits."
    ),
    metrics=(
        Metric("recognition", "class named", drawn=False),
        Metric("recognition_logits", "class told by the logits, AUC", drawn=False),
        Metric("recognition_aligned", "class told with a new head, AUC"),
        Metric("bias_gap", "head bias of the class", drawn=False),
    ),
)

SPLITS = ("forget_train", "forget_test")
OTHERS = "retain_test"


class Config(Strict):
    """``minimum``: the fewest images, of the class and retained, for a figure."""

    minimum: int = Field(default=5, ge=2)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Accuracy and both AUCs per seed and split, and the bias gap per seed. NaN where images are
    too few; AUCs also where no whole class is forgotten, or where no head can be fitted."""
    figures = []
    for one in exam.seeds:
        draw = exam.draw(one.seed)
        right = np.asarray(one.outputs["logits"]).argmax(axis=-1) == one.label
        odds = {
            "recognition_logits": _by_logits(exam, one),
            "recognition_aligned": _anew(exam, one),
        }
        for split in SPLITS:
            rows, others = one.rows(split), one.rows(OTHERS)
            few = min(len(rows), len(others)) < config.minimum
            figures.append(
                draw.value("recognition", split, math.nan, len(rows))
                if few
                else draw.rate(None, "recognition", split, right[rows], rows)
            )
            for metric, values in odds.items():
                figures.append(
                    draw.value(metric, split, math.nan, len(rows))
                    if few or values is None
                    else _auc(draw, metric, split, values, rows, others)
                )
        figures.append(draw.value("bias_gap", None, bias_gap(exam, one)))
    return figures


def bias_gap(exam: Exam, one: SeedExam) -> float:
    """The largest bias of a forgotten class minus the median of the retained ones; NaN without
    either, minus infinity for a masked logit."""
    bias = np.asarray(one.parameters.get(BIAS, ()), np.float64)
    forgotten = np.isin(np.arange(len(bias)), exam.classes)
    if not forgotten.any() or forgotten.all():
        return math.nan
    return float(bias[forgotten].max() - np.median(bias[~forgotten]))


def _by_logits(exam: Exam, one: SeedExam) -> np.ndarray | None:
    """Log-odds (n,) of the class by the model's own logits in the common form."""
    logits = open_logits(exam, one)
    known = np.isin(one.split, FITTED_ON)
    found = match(logits, one.label, known, exam.classes)(logits)
    return log_odds(found, exam.classes) if exam.classes and np.isfinite(found).all() else None


def _anew(exam: Exam, one: SeedExam) -> np.ndarray | None:
    """Log-odds (n,) of the class by a head fitted anew."""
    values, known = one.outputs["expectation_values"], fitting_rows(one)
    head = refit(values[known], one.label[known], exam.model.classes)
    return log_odds(head.logits(values), exam.classes) if exam.classes and head else None


def _auc(
    draw: Recorder,
    metric: str,
    split: str,
    scores: np.ndarray,
    positive: np.ndarray,
    negative: np.ndarray,
) -> Measurement:
    """The chance that the score of an image of ``positive`` (k,) exceeds one's of ``negative``
    (m,), positions in the pool's ``scores`` (n,)."""
    images = (positive, negative)
    found = draw.ranking(metric, split, *(scores[side] for side in images), images)[0].estimate
    return Measurement(draw.subject, None, metric, split, found)
