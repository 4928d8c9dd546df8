"""`quantum_distance`: how far a model's quantum states are from those of retrained models.

For every image, the circuit's final state under the audited parameters is compared with the state
of the same image under retrained ones (fidelity, trace distance, Helstrom's success probability,
Bures' distance), and so are the measured <Z>. Forgetting as closeness to the counterfactual
retraining follows Golatkar et al. 2020 (arXiv:1911.04933); the distances are textbook ones
(Helstrom 1976, Fuchs and van de Graaf 1999).

Two retrainings from different initial parameters end in far-apart states that say the same: the
variant ``retrain`` gives this floor, under names that end in ``_floor``.
"""

from __future__ import annotations

import math

import numpy as np

from qmu.audit.measurement import Measurement
from qmu.metrics.distances import between_states
from qmu.models import states as _states
from qmu.models.model import Model, Parameters
from qmu.quality.answers import remembered
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.quality.statistics import named
from qmu.strict import Strict

CARD = QualityCard(
    title="Quantum distances to retraining",
    source="Helstrom 1976; Fuchs and van de Graaf 1999; Golatkar et al. 2020, arXiv:1911.04933",
    quantum=True,
    statement=(
        "Mean distances between the final states (and the <Z> vectors) of the same image under "
        "this model and under retrained ones, read against the floor between retrained models: "
        "states differ by initial parameters alone, so only what exceeds the floor tells of "
        "forgetting."
    ),
    metrics=(
        Metric("trace_distance_to_retrain", "trace distance of states"),
        Metric("fidelity_to_retrain", "fidelity of states", drawn=False),
        Metric("bures_to_retrain", "Bures distance of states", drawn=False),
        Metric("helstrom_to_retrain", "Helstrom success on states", drawn=False),
        Metric("expectation_distance_to_retrain", "distance of measured ⟨Z⟩"),
    ),
)

SPLITS = ("forget_train", "forget_test", "retain_test")
STATES = ("fidelity", "trace_distance", "helstrom", "bures")
EXPECTATION = "expectation_distance"


class Config(Strict):
    """The measure has no settings."""


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Means over images and over all retrained models, per seed and split.

    NaN where a split has no images, or where ``retrain`` has no further retrained models.
    """
    return [figure for one in exam.seeds for figure in _of_seed(exam, one)]


def _of_seed(exam: Exam, one: SeedExam) -> list[Measurement]:
    draw = exam.draw(one.seed)
    others = exam.counterparts(one)
    figures = []
    rows = one.rows(*SPLITS)
    found = to_references(exam, one, rows, others) if len(rows) and others else {}
    for split in SPLITS:
        chosen = one.split[rows] == split
        for name in (*STATES, EXPECTATION):
            metric = named(exam, f"{name}_to_retrain")
            if name in found and chosen.any():
                figures.append(draw.mean(metric, split, found[name][chosen], rows[chosen]))
            else:
                figures.append(draw.value(metric, split, math.nan, int(chosen.sum())))
    return figures


def to_references(
    exam: Exam, one: SeedExam, rows: np.ndarray, others: tuple
) -> dict[str, np.ndarray]:
    """Every distance of every image (rows,), averaged over the ``others``."""
    inputs, measured = one.inputs[rows], exam.model.circuit.measured
    states = _states.final_states(exam.model, one.parameters, inputs)
    values = _states.expectations(states, measured)
    sums: dict[str, np.ndarray] = {}
    for parameters in others:
        other = final_states(exam.model, parameters, inputs)
        found = between_states(states, other)
        gap = values - _states.expectations(other, measured)
        found[EXPECTATION] = np.linalg.norm(gap, axis=-1)
        for name, value in found.items():
            sums[name] = sums.get(name, 0.0) + value
    return {name: value / len(others) for name, value in sums.items()}


@remembered
def final_states(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """`models.states.final_states`, once for every retrained model."""
    return _states.final_states(model, parameters, inputs)
