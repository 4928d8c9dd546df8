"""`c2st`: a classifier that tells the audited model's outputs from those of retrained models.

Source: the classifier two-sample test, Lopez-Paz and Oquab 2017, on the outputs
for forget-class images, where unlearned models betray themselves by the classes that they name
instead (arXiv:2506.20893).
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat

from qmu import losses
from qmu.audit.measurement import Measurement
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import auc, named, unknown
from qmu.strict import Strict

CARD = QualityCard(
    title="Classifier two-sample test on forget-class outputs",
    source="Lopez-Paz and Oquab 2017; arXiv:2506.20893",
    answers=True,
    statement=(
        "AUC of a cross-validated classifier, on other images, of the audited model's outputs "
        "against those of the retrained ensemble; 0.5: indistinguishable. Two retrained models "
        "differ as well: the floor says by how much, and where it is near 1 nothing follows."
    ),
    metrics=(Metric("c2st_auc", "told from retrain (C2ST), AUC", 0.5),),
)

SPLITS = ("forget_test", "forget_train")
# Log-probabilities end here: a masked class has minus infinity.
SMALLEST = 1e-8


class Config(Strict):
    """``folds`` of the images, ``penalty``: inverse strength of the L2 regularisation of the
    logistic regression."""

    folds: int = Field(default=5, ge=2)
    penalty: PositiveFloat = 1.0


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """AUC per seed on the forget class, test and training images; NaN without another retrained
    model."""
    found = []
    for one in exam.seeds:
        for split in SPLITS:
            if not len(one.ensemble_logits):
                found += unknown(exam, one, split, "c2st_auc")
                continue
            rows = one.rows(split)
            if len(rows) < config.folds:
                rows = rows[:0]
            n = len(rows)
            scores = _scores(exam, one, rows, config) if n else (np.empty(0), np.empty((1, 0)))
            draw, name = exam.draw(one.seed), named(exam, "c2st_auc")
            found.append(draw.bootstrap(name, split, n, auc(*scores), True, rows))
    return found


def features(logits: np.ndarray) -> np.ndarray:
    """Probabilities and their logarithms, (..., 2 classes) from (..., classes)."""
    p = np.exp(losses.log_probabilities(np.asarray(logits, np.float64), np))
    return np.concatenate([p, np.log(np.maximum(p, SMALLEST))], axis=-1)


def _scores(
    exam: Exam, one: SeedExam, rows: np.ndarray, config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold scores of the audited model (n,) and of the retrained ones (k, n)."""
    stacked = np.concatenate([one.outputs["logits"][rows][None], one.ensemble_logits[:, rows]])
    inputs = features(stacked)
    models, images, width = inputs.shape
    target = np.zeros((models, images), bool)
    target[0] = True
    # An image is never in both parts: its answers are alike whatever the model.
    fold = exam.rng("c2st", one.seed, str(one.split[rows[0]])).permutation(images) % config.folds
    found = np.empty((models, images))
    for held in range(config.folds):
        train, test = fold != held, fold == held
        fitted = _classifier(inputs[:, train].reshape(-1, width), target[:, train].ravel(), config)
        found[:, test] = fitted.decision_function(inputs[:, test].reshape(-1, width)).reshape(
            models, -1
        )
    return found[0], found[1:]


def _classifier(inputs: np.ndarray, target: np.ndarray, config: Config):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Balanced: there is one audited model and there are several retrained ones. The features are
    # few, so Newton's method beats the default solver, above all where the models separate.
    model = LogisticRegression(
        C=config.penalty, class_weight="balanced", solver="newton-cholesky", max_iter=100
    )
    return make_pipeline(StandardScaler(), model).fit(inputs, target)
