"""`probe`: can a linear classifier still tell the forgotten class from the model's features?

A logistic regression, forget class against the rest, on the measured <Z> and, where a classical
front end is trained, on the amplitudes that it hands to the circuit. A model that forgets in its
head alone, or by masking a logit, keeps features that a probe reads. Retraining without the class
leaves features that a probe reads too (classes differ in their images): only the gap counts, to
the mean of all retrained models. The model's own head is never asked, so no edit of a head moves a
figure, nor do full turns of angles: the gap is aligned as it is. Linear probes: Alain and Bengio
2016.

The probe is fitted on ``unseen`` images, which no original, unlearned or retrained model was
trained on, so that it reads what features say of a class and not what a model knows of its
members; training images are the very ones that unlearning moved. Test images only judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.audit.measurement import Measurement, Recorder
from qmu.metrics.estimates import DIFFERENCE, SHARE
from qmu.metrics.intervals import Interval, percentile, union
from qmu.models import states as _states
from qmu.models.model import Model, Parameters
from qmu.quality.answers import of_retrained, remembered
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.strict import Strict

CARD = QualityCard(
    title="Linear probe",
    source="Alain and Bengio 2016",
    whole_classes=True,
    statement=(
        "Balanced accuracy of a logistic regression that tells the forget class from the rest by "
        "the model's <Z> (or by its front end's features), fitted on images that no model saw and "
        "judged on test images. Above the retrained models', it finds features of the class that "
        "retraining would not have; 0.5 is chance. No edit of the head moves it."
    ),
    metrics=(
        Metric("probe_accuracy", "probe on the qubits"),
        Metric("probe_gap", "probe on the qubits, gain over retrain", 0.0, drawn=False),
        Metric("probe_features_accuracy", "probe on the features"),
        Metric("probe_features_gap", "probe on the features, gain over retrain", 0.0, drawn=False),
    ),
)

SPLIT = "forget_test"
FITTED_ON = ("forget_unseen", "retain_unseen")
JUDGED_ON = ("forget_test", "retain_test")


class Config(Strict):
    """``regularisation``: scikit-learn's C, the inverse strength of the L2 penalty. ``iterations``
    caps the solver. A probe needs ``minimum`` images of either class, to fit and to judge."""

    regularisation: PositiveFloat = 1.0
    iterations: PositiveInt = 100
    minimum: int = Field(default=5, ge=2)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Accuracy and gap to the retrained models, per seed; NaN where images are too few, the gap
    where there is no other retrained model, and those of features that no model trains: a missing
    row would count as a figure that was lost."""
    figures = []
    for one in exam.seeds:
        figures += _figures(exam, one, config, "probe", _expectation_values)
        if exam.model.module.CARD.trains_embedding:
            figures += _figures(exam, one, config, "probe_features", _features)
        else:
            names = ("probe_features_accuracy", "probe_features_gap")
            figures += [exam.draw(one.seed).value(name, SPLIT, math.nan, 0) for name in names]
    return figures


# (exam, seed, rows) -> features (rows, d) of the audited model, then of every retrained one
Reader = Callable[[Exam, SeedExam, np.ndarray], list[np.ndarray]]


def _expectation_values(exam: Exam, one: SeedExam, rows: np.ndarray) -> list[np.ndarray]:
    return [one.outputs["expectation_values"][rows], *of_retrained(exam, one, rows)]


def _features(exam: Exam, one: SeedExam, rows: np.ndarray) -> list[np.ndarray]:
    models, inputs = (one.parameters, *exam.counterparts(one)), one.inputs[rows]
    return [embedded(exam.model, parameters, inputs) for parameters in models]


def _figures(
    exam: Exam, one: SeedExam, config: Config, name: str, read: Reader
) -> list[Measurement]:
    draw = exam.draw(one.seed)
    fitted, judged = one.rows(*FITTED_ON), one.rows(*JUDGED_ON)
    known, positive = one.forget[fitted], one.forget[judged]
    groups = [known, ~known, positive, ~positive]
    metrics = (f"{name}_accuracy", f"{name}_gap")
    if min(group.sum() for group in groups) < config.minimum:
        return [draw.value(metric, SPLIT, math.nan, len(judged)) for metric in metrics]
    features = zip(read(exam, one, fitted), read(exam, one, judged), strict=True)
    called = [predictions(learnt, known, asked, config) for learnt, asked in features]
    audited, *others = (balanced(draw, metrics[0], named, positive, judged) for named in called)
    if not others:
        return [audited, draw.value(metrics[1], SPLIT, math.nan, len(judged))]
    right = np.array(called) == positive
    difference = right[0] - right[1:].mean(axis=0)
    return [audited, gap(draw, metrics[1], audited, others, difference, positive, judged)]


@remembered
def embedded(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """`models.states.embedded`, once for every retrained model."""
    return _states.embedded(model, parameters, inputs)


@remembered
def predictions(
    known: np.ndarray, positive: np.ndarray, asked: np.ndarray, config: Config
) -> np.ndarray:
    """Whether the probe takes each of ``asked`` (m, d) for the forget class, (m,) bool, fitted on
    ``known`` (n, d) with ``positive`` (n,) bool; features are standardised by ``known`` alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = LogisticRegression(
        C=config.regularisation,
        class_weight="balanced",
        max_iter=config.iterations,
        solver="newton-cholesky",  # far faster than L-BFGS for few features and many images
    )
    return make_pipeline(StandardScaler(), regression).fit(known, positive).predict(asked)


def balanced(
    draw: Recorder, metric: str, called: np.ndarray, positive: np.ndarray, images: np.ndarray
) -> Measurement:
    """Balanced accuracy = (1 + TPR - FPR) / 2, with the interval of that difference of rates."""
    sides = (images[positive], images[~positive])
    found = draw.advantage(metric, SPLIT, called[positive], called[~positive], sides).estimate
    low, high = found.interval
    estimate = replace(
        found,
        value=(1 + found.value) / 2,
        interval=((1 + low) / 2, (1 + high) / 2),
        replicates=(1 + found.replicates) / 2,
        counts=(),  # they are those of the difference, on another scale
        limits=SHARE,
    )
    return Measurement(draw.subject, None, metric, SPLIT, estimate)


def gap(
    draw: Recorder,
    metric: str,
    audited: Measurement,
    others: Sequence[Measurement],
    difference: np.ndarray,
    positive: np.ndarray,
    images: np.ndarray,
) -> Measurement:
    """A balanced accuracy minus the mean of ``others`` on the same images.

    ``difference`` (n,) is how much more often the audited model is right about an image than the
    others on average, -1 to 1. The interval holds the paired bootstrap's within either class and
    Newcombe's from the accuracies, which knows that no change in few images is no certainty; how
    retrained models differ from each other it does not hold.
    """
    halves = [
        draw.mean(metric, SPLIT, difference[group], images[group]).estimate.replicates
        for group in (positive, ~positive)
    ]
    replicates = (halves[0] + halves[1]) / 2
    interval = percentile(replicates, draw.settings.confidence)
    first = audited.estimate
    second = float(np.mean([other.estimate.value for other in others]))
    around = np.mean([other.estimate.interval for other in others], axis=0)
    value = first.value - second
    interval = union(interval, _newcombe(first.value, first.interval, second, tuple(around)))
    estimate = replace(
        first, value=value, interval=interval, replicates=replicates, limits=DIFFERENCE
    )
    return Measurement(draw.subject, None, metric, SPLIT, estimate)


def _newcombe(a: float, around_a: Interval, b: float, around_b: Interval) -> Interval:
    """The interval of a - b from the intervals of both (Newcombe 1998, method 10)."""
    return (
        a - b - math.hypot(a - around_a[0], around_b[1] - b),
        a - b + math.hypot(around_a[1] - a, b - around_b[0]),
    )
