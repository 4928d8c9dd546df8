"""`cf_k`: catastrophic forgetting of the last k layers, the others frozen.

Source: CF-k of Goel, Prabhu and Kumaraguru 2022 (arXiv:2201.06640). Layers are counted from the
output: the head, then the circuit's layers from the last on, then what stands before the circuit
(see `masks`). With k = 1 only the head forgets: what is measured of the circuit still tells the
class. With ``layers: all`` it is `finetune`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning import masks
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Fine-tuning of the last layers",
    source="CF-k of Goel et al. 2022, arXiv:2201.06640",
    reads="retain",
    cost="epochs",
)


class Config(FineTuning):
    """``layers``: how many are trained, from the output on."""

    layers: PositiveInt | Literal["all"] = 2
    learning_rate: PositiveFloat = 0.01
    epochs: PositiveInt = 10


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the training loss of the retained data by the last layers."""
    trained = masks.last_layers(problem, config.layers)

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return masks.weighted(trained, problem.gradient(parameters, minibatch.retain), 0.0)

    return fine_tune(problem, config, descent)
