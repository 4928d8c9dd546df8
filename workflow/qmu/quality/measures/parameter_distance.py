"""`parameter_distance`: how far a model's parameters are from the original's and a retrained one's.

The Euclidean norm over all tensors, angles on their circle: a full turn is no distance. A weak
measure: the same function has many parameters (neurons can be swapped), and the same parameters can
come about with or without the forgotten data (Thudi et al. 2022, arXiv:2110.11891).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from qmu.audit.measurement import Measurement
from qmu.circuits.angles import periods
from qmu.circuits.circuit import Circuit
from qmu.quality.exam import Exam, Metric, QualityCard
from qmu.quality.statistics import named
from qmu.strict import Strict

CARD = QualityCard(
    title="Distance in parameters",
    source="Thudi et al. 2022, arXiv:2110.11891",
    statement=(
        "Euclidean distances of all parameters to the original model and to retrained ones. It "
        "tells how far a method moved, not whether it forgot: equal functions can lie far apart. "
        "A masked logit, an infinite bias, is left out."
    ),
    metrics=(
        Metric("distance_to_retrain", "parameter distance to retrain"),
        Metric("distance_to_original", "parameter distance to target", drawn=False),
    ),
)


class Config(Strict):
    """The measure has no settings."""


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """``distance_to_original`` and ``distance_to_retrain`` of every seed: the mean over the
    retrained models; of ``retrain`` to the others, NaN where there are none."""
    figures = []
    for one in exam.seeds:
        draw, circuit = exam.draw(one.seed), exam.model.circuit
        found = [distance(one.parameters, other, circuit) for other in exam.counterparts(one)]
        moved = distance(one.parameters, one.original, circuit)
        metric = named(exam, "distance_to_retrain")
        figures += [
            draw.value("distance_to_original", None, moved),
            draw.value(metric, None, float(np.mean(found)) if found else math.nan),
        ]
    return figures


def distance(
    first: Mapping[str, Any], second: Mapping[str, Any], circuit: Circuit | None = None
) -> float:
    """The Euclidean norm of the difference over all entries that are finite in both; the angles of
    a ``circuit`` differ by the shorter way round."""
    total = 0.0
    for name, value in first.items():
        a, b = (np.asarray(v, np.float64) for v in (value, second[name]))
        finite = np.isfinite(a) & np.isfinite(b)
        gap = np.where(finite, a, 0.0) - np.where(finite, b, 0.0)
        if name == "circuit" and circuit is not None:
            turn = periods(circuit).reshape(gap.shape)
            gap = gap - turn * np.round(gap / turn)
        total += float(np.sum(gap**2))
    return math.sqrt(total)
