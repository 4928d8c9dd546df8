"""`trew`: the forgotten class's probability goes to the classes whose head weights are like its.

Source: Ebrahimpour-Boroojeny et al. 2025 (arXiv:2506.20893, tilted reweighting). A forget sample's
target is q(y) ~ p_0(y) exp(beta s_y) over the classes y that it may be taken for, where s is the
softmax of cos(w_y, w_own) / T of the head's weights. The method descends the divergence from q
and the retain loss. RECONSTRUCTED from the abstract and the public reviews: beta and T, and that a
narrow head needs no principal components. The angle is taken to the sample's own label.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.heads import WEIGHT
from qmu.unlearning.loops import FineTuning
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import TINY
from qmu.unlearning.targets import original, others, restricted, towards

CARD = MethodCard(
    title="Tilted reweighting",
    source="Ebrahimpour-Boroojeny et al. 2025, arXiv:2506.20893 (details reconstructed)",
    reads="both",
    needs=("last_layer",),
    cost="epochs",
    reconstructed=True,
)


class Config(FineTuning):
    """``tilt`` is beta, ``temperature`` is T."""

    learning_rate: PositiveFloat = 0.01
    epochs: PositiveInt = 10
    tilt: float = Field(default=10.0, ge=0)
    temperature: PositiveFloat = 0.1


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the retain loss and the divergence from the tilted targets."""
    labels = np.asarray(problem.forget.labels)
    allowed = others(problem, labels)
    likeness = similarity(np.asarray(problem.parameters[WEIGHT], np.float64))[labels]
    scores = restricted(likeness / config.temperature, allowed)
    return towards(problem, config, restricted(original(problem) + config.tilt * scores, allowed))


def similarity(weight: np.ndarray) -> np.ndarray:
    """The cosines between the columns of ``weight`` (units, C), (C, C)."""
    columns = weight / np.maximum(np.linalg.norm(weight, axis=0), TINY)
    return columns.T @ columns
