"""`mean_confidence`: how sure of the label is the model on what it should have forgotten?

A recipe of this project.
"""

import numpy as np
from qmu.audit.measurement import Measurement
from qmu.quality.exam import Exam, Metric, QualityCard
from qmu.strict import Strict

CARD = QualityCard(
    title="Mean confidence on the forget set",
    source="a recipe of this project",
    statement="The mean probability of the label on the forget set.",
    metrics=(Metric("mean_confidence", "confidence on the forget set"),),
)


class Config(Strict):
    """Nothing to set."""


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """One number per seed."""
    measurements = []
    for one in exam.seeds:
        rows = one.rows("forget_train")
        values = one.outputs["probabilities"][rows, one.label[rows]]
        name = "mean_confidence" + ("_floor" if exam.variant == "retrain" else "")
        measurements.append(
            exam.draw(one.seed).bootstrap(name, "forget_train", len(rows), mean_of(values))
        )
    return measurements


def mean_of(values: np.ndarray):
    """The mean as a function of the rows' weights."""
    return lambda weights: weights @ values
