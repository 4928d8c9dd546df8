"""`probe`: can a linear classifier still tell the forgotten class from the model's features?

A logistic regression, forget class against the rest, on the measured <Z> and, where a classical
front end is trained, on the amplitudes that it hands to the circuit. A model that forgets in its
head alone, or by masking a logit, keeps features that a probe reads. Retraining without the class
leaves features that a probe reads too (classes differ in their images): only the gap counts.
Linear probes: Alain and Bengio 2016.

The probe is fitted on ``unseen`` images, which no original, unlearned or retrained model was
trained on, so that it reads what features say of a class and not what a model knows of its
members; training images are the very ones that unlearning moved. Test images only judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.audit.measurement import Measurement, Recorder
from qmu.metrics.estimates import DIFFERENCE, SHARE
from qmu.metrics.intervals import Interval, percentile, union
from qmu.models import states as _states
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.strict import Strict

CARD = QualityCard(
    title="Linear probe",
    source="Alain and Bengio 2016",
    statement=(
        "Balanced accuracy of a logistic regression that tells the forget class from the rest by "
        "the model's <Z> (or by its front end's features), fitted on images that no model saw and "
        "judged on test images. Above the retrained model's, it finds features of the class that "
        "retraining would not have; 0.5 is chance."
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
    """Accuracy and gap to the retrained model, per seed; NaN where images are too few."""
    figures = []
    for one in exam.seeds:
        figures += _figures(exam, one, config, "probe", _expectation_values)
        if exam.model.module.CARD.trains_embedding:
            figures += _figures(exam, one, config, "probe_features", _features)
    return figures


# (exam, seed, whether of the retrained model, rows) -> features (rows, d)
Reader = Callable[[Exam, SeedExam, bool, np.ndarray], np.ndarray]


def _expectation_values(exam: Exam, one: SeedExam, retrained: bool, rows: np.ndarray) -> np.ndarray:
    outputs = one.retrain_outputs if retrained else one.outputs
    return outputs["expectation_values"][rows]


def _features(exam: Exam, one: SeedExam, retrained: bool, rows: np.ndarray) -> np.ndarray:
    parameters = one.retrain if retrained else one.parameters
    return _states.embedded(exam.model, parameters, one.inputs[rows])


def _figures(
    exam: Exam, one: SeedExam, config: Config, name: str, read: Reader
) -> list[Measurement]:
    draw = exam.draw(one.seed)
    fitted, judged = one.rows(*FITTED_ON), one.rows(*JUDGED_ON)
    positive = one.forget
    groups = [positive[fitted], ~positive[fitted], positive[judged], ~positive[judged]]
    metrics = (f"{name}_accuracy", f"{name}_gap")
    if min(group.sum() for group in groups) < config.minimum:
        return [draw.value(metric, SPLIT, math.nan, len(judged)) for metric in metrics]
    named = [
        predictions(
            read(exam, one, retrained, fitted),
            positive[fitted],
            read(exam, one, retrained, judged),
            config,
        )
        for retrained in (False, True)
    ]
    audited, oracle = (
        balanced(draw, metrics[0], called, positive[judged], judged) for called in named
    )
    right = [called == positive[judged] for called in named]
    difference = right[0].astype(np.float64) - right[1]
    return [audited, gap(draw, metrics[1], audited, oracle, difference, positive[judged], judged)]


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
    oracle: Measurement,
    difference: np.ndarray,
    positive: np.ndarray,
    images: np.ndarray,
) -> Measurement:
    """Difference of two balanced accuracies on the same images.

    ``difference`` (n,) is 1, 0 or -1: right for the audited model alone, for both or neither, for
    the oracle alone. The interval holds the paired bootstrap's within either class and Newcombe's
    from the two accuracies, which knows that no change in few images is no certainty.
    """
    halves = [
        draw.mean(metric, SPLIT, difference[group], images[group]).estimate.replicates
        for group in (positive, ~positive)
    ]
    replicates = (halves[0] + halves[1]) / 2
    interval = percentile(replicates, draw.settings.confidence)
    first, second = audited.estimate, oracle.estimate
    value = first.value - second.value
    interval = union(
        interval, _newcombe(first.value, first.interval, second.value, second.interval)
    )
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
