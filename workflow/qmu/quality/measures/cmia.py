"""`cmia`: which retained classes does the model mistake forgotten images for, and how does it
differ from retrained models?

Source: arXiv:2506.20893, the class membership-inference attack on class unlearning; details that
the source leaves open are reconstructed. For each model, linear support vector machines, one per
retained class against the others, learn its output vectors; forget-class test images go to the
class of the largest margin. Retrained models have a profile of nearest classes that uniform or
random relabelling misses.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu import losses
from qmu.audit.measurement import Measurement
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import Statistic, named, unknown
from qmu.strict import Strict

CARD = QualityCard(
    title="Class profile of forgotten images (CMIA)",
    source="arXiv:2506.20893 (reconstructed)",
    whole_classes=True,
    answers=True,
    statement=(
        "Gap: difference, audited against retrained models, in the share of forget-class test "
        "images that go to the nearest retained class; total variation: over all classes. 0: as "
        "retrained. Both are above 0 by chance: read them against the floor. They judge a class, "
        "not the membership of an image."
    ),
    metrics=(
        Metric("cmia_total_variation", "class profile, distance"),
        Metric("cmia_gap", "class profile, nearest-class gap", drawn=False),
    ),
)


class Config(Strict):
    """``samples``: most retained-class images, none of them trained on, that fit the support
    vector machines; ``penalty``: their cost of violating the margin."""

    samples: PositiveInt = 1000
    penalty: PositiveFloat = 1.0
    tolerance: float = Field(default=1e-4, gt=0)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Gap and total variation per seed on the forget class's test images; NaN without another
    retrained model."""
    found = []
    for one in exam.seeds:
        if not len(one.ensemble_logits):
            found += unknown(exam, one, "forget_test", "cmia_gap", "cmia_total_variation")
            continue
        difference, nearest = profile(exam, one, config)
        draw, rows = exam.draw(one.seed), one.rows("forget_test")
        for metric, statistic in (
            ("cmia_gap", gap(difference, nearest)),
            ("cmia_total_variation", total_variation(difference)),
        ):
            name = named(exam, metric)
            found.append(draw.bootstrap(name, "forget_test", len(rows), statistic, True, rows))
    return found


def profile(exam: Exam, one: SeedExam, config: Config) -> tuple[np.ndarray, int]:
    """(n, classes): an image's assignment, one-hot, by the audited model minus the mean one by
    the retrained models; and the nearest retained class."""
    images = one.rows("forget_test")
    classes = one.ensemble_logits.shape[-1]
    if len(images) == 0:
        return np.empty((0, classes)), 0
    fitting = one.rows("retain_unseen", "retain_test")
    fitting = np.sort(exam.rng("cmia", one.seed).permutation(fitting)[: config.samples])
    outputs = [_probabilities(logits) for logits in (one.outputs["logits"], *one.ensemble_logits)]
    assigned = [
        np.eye(classes)[_assign(p[fitting], one.label[fitting], p[images], config)] for p in outputs
    ]
    mean = np.mean([p[images].mean(axis=0) for p in outputs[1:]], axis=0)
    mean[list(exam.classes)] = -np.inf
    return assigned[0] - np.mean(assigned[1:], axis=0), int(mean.argmax())


def gap(difference: np.ndarray, nearest: int) -> Statistic:
    """The distance between the shares (rows,) of images that go to the nearest class."""
    return lambda weights: np.abs(weights @ difference[:, nearest])


def total_variation(difference: np.ndarray) -> Statistic:
    """Half the sum over classes of the distances between the shares, (rows,)."""
    return lambda weights: np.abs(weights @ difference).sum(axis=1) / 2


def _probabilities(logits: np.ndarray) -> np.ndarray:
    return np.exp(losses.log_probabilities(np.asarray(logits, np.float64), np))


def _assign(inputs: np.ndarray, label: np.ndarray, images: np.ndarray, config: Config):
    """Class (n,) of each of ``images`` by one machine per retained class against the others."""
    from sklearn.svm import LinearSVC

    # The primal problem is solved without random numbers.
    machine = LinearSVC(C=config.penalty, tol=config.tolerance, dual=False, max_iter=5000)
    return machine.fit(inputs, label).predict(images)
