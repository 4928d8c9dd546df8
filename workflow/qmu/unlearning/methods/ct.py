"""`ct`: rearranges the layers before the head, then repairs the model on the retained data.

Source: convolution transpose of Cadet et al. 2024 ("Deep Unlearn", arXiv:2410.01276), after an
entry of the NeurIPS 2023 challenge: kernels are transposed, and 3 epochs of fine-tuning follow.
RECONSTRUCTED for circuits, where nothing can be transposed: the angles of the qubits are exchanged
(``permute: qubits``), or whole layers of gates are (``permute: layers``); of a circuit with one
axis of angles these. A dense layer is not square: its units are permuted, against the layer that
reads them. The head stays. The epochs are more than published, since a circuit is broken further by
this than a network by transposed kernels.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Rearranged layers",
    source="CT of Cadet et al. 2024, arXiv:2410.01276 (for circuits reconstructed)",
    reads="retain",
    cost="epochs",
    needs=("layers",),
    reconstructed=True,
)


class Config(FineTuning):
    """``permute``: which axis of the circuit's angles."""

    permute: Literal["qubits", "layers"] = "qubits"
    learning_rate: PositiveFloat = 0.02
    epochs: PositiveInt = 20


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Permute, then descend on the retained data."""

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.retain)

    return fine_tune(problem, config, descent, permuted(problem, config.permute))


def permuted(problem: Problem, permute: str) -> Parameters:
    """The trained parameters with the units of every layer before the head in another order."""
    found = {}
    for name, value in problem.parameters.items():
        prefix = name if name == "circuit" else name.rpartition("/")[0]
        if name.startswith("head/"):
            found[name] = value
            continue
        axis = -1
        if name == "circuit" and value.ndim > 1:
            axis = -2 if permute == "qubits" else 0
        order = problem.generator("order", prefix).permutation(value.shape[axis])
        found[name] = value.take(np.asarray(order), axis=axis)
    return found
