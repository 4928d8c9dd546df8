"""`squ`: noise in proportion to the sensitivity of what is forgotten, then fine-tuning.

Source: Masud et al. 2026, "Sensitivity-guided quantum machine unlearning" (IEEE QPAIN; code
masud1901/Sensitivity-Guided-Quantum-Machine-Unlearning). A forget sample's sensitivity is the
length of the gradient of its squared error, scaled to [0, 1] over the forget set; its budget is its
share of ``epsilon``. Each adds N(0, (c budget)^2) to all parameters, c = 0.5 above a sensitivity of
0.7, 0.35 above 0.3, 0.2 below; the sum over samples is drawn at once, its variance being theirs.
Then some epochs on the retained data. RECONSTRUCTED for more than two classes: the squared error of
all class probabilities.

The trap: ``epsilon`` scales the noise and certifies nothing. The less there is to forget, the
larger a sample's share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import PositiveFloat

from qmu import losses
from qmu.models.curvature import inner
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, fine_tune
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Sensitivity-guided noise",
    source="Masud et al. 2026, IEEE QPAIN",
    reads="both",
    cost="epochs",
    reconstructed=True,
    undirected=True,
)

# Above such a sensitivity, and the factor c of the noise.
FACTORS = ((0.7, 0.5), (0.3, 0.35), (-1.0, 0.2))


class Config(FineTuning):
    """``epsilon``: the budget that the forget samples share."""

    epsilon: PositiveFloat = 1.0
    learning_rate: PositiveFloat = 0.01


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Add the noise, then descend the retain loss."""
    spread = deviation(sensitivities(problem), config.epsilon)
    start = {
        name: np.asarray(value)
        + spread * problem.generator("noise", name).normal(size=np.shape(value))
        for name, value in problem.parameters.items()
    }
    return fine_tune(
        problem,
        config,
        lambda minibatch, parameters: problem.gradient(parameters, minibatch.retain),
        problem.model.convert(start),
    )


def sensitivities(problem: Problem) -> np.ndarray:
    """The length of every forget sample's gradient of the squared error, (n,)."""
    data, found = problem.forget, []
    for row in range(len(data)):
        one = Data(data.inputs[row : row + 1], data.labels[row : row + 1])
        gradient: Parameters = problem.gradient(problem.parameters, one, squared_error)
        found.append(np.sqrt(inner(gradient, gradient)))
    return np.array(found)


def deviation(sensitivities: np.ndarray, epsilon: float) -> float:
    """The standard deviation of the whole noise from lengths (n,); equal ones all count as 1."""
    low, high = sensitivities.min(), sensitivities.max()
    scaled = np.ones(len(sensitivities))
    if high > low:
        scaled = (sensitivities - low) / (high - low)
    factor = [next(c for above, c in FACTORS if value > above) for value in scaled]
    return float(np.linalg.norm(np.array(factor) * epsilon * scaled / scaled.sum()))


def squared_error(logits: Any, labels: Any, xp: Any) -> Any:
    """The squared distance of class probabilities (n, C) from the labels' one-hot rows, (n,)."""
    wanted = xp.asarray(labels)[:, None] == xp.arange(logits.shape[-1])[None]
    return xp.sum((xp.exp(losses.log_probabilities(logits, xp)) - wanted) ** 2, axis=-1)
