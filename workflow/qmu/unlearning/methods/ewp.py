"""`ewp`: angles of little entanglement-weighted importance are set to zero, then fine-tuning.

Source: Kumar and Chongder 2026 (arXiv:2608.17069), for clients of a federation. An angle's score is
its quantum Fisher information over the data to forget times the mean concurrence of the pairs that
its layer couples; the lowest fifth is set to zero, and training goes on with the retained data.
RECONSTRUCTED for other circuits than theirs: what a layer is (`entanglement`), and the recipe of
the fine-tuning.

The traps: it prunes what matters least to what shall be forgotten, and in the paper it alone is
fine-tuned, so that the ablation measures fine-tuning. ``select: random`` and ``select: highest``
are the same with other angles, and with the same fine-tuning: what they do not have over it, and
it not over them, is not the score's merit.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning import entanglement, quantum_fisher
from qmu.unlearning.loops import FineTuning, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Entanglement-weighted pruning",
    source="Kumar and Chongder 2026, arXiv:2608.17069",
    reads="both",
    needs=("circuit",),
    cost="epochs",
    reconstructed=True,
    undirected=True,
)


class Config(FineTuning):
    """``select``: the angles with the lowest scores (as published), with the highest, or any;
    ``share`` of the angles that is pruned; ``inputs``: most rows that scores are averaged over."""

    select: Literal["lowest", "highest", "random"] = "lowest"
    share: float = Field(default=0.2, ge=0, le=1)
    inputs: PositiveInt = 64
    learning_rate: PositiveFloat = 0.01


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Prune, then descend the retain loss."""
    count = round(config.share * problem.model.circuit_parameters)
    start = pruned(problem.parameters, order(problem, config)[:count])
    return fine_tune(
        problem,
        config,
        lambda minibatch, parameters: problem.gradient(parameters, minibatch.retain),
        problem.model.convert(start),
    )


def order(problem: Problem, config: Config) -> np.ndarray:
    """The indices of all angles (P,), those to prune first."""
    if config.select == "random":
        return problem.generator("pruned").permutation(problem.model.circuit_parameters)
    found = scores(problem, config.inputs)
    return np.argsort(found if config.select == "lowest" else -found, kind="stable")


def scores(problem: Problem, inputs: int) -> np.ndarray:
    """Every angle's entanglement times its quantum Fisher information over the forget set, (P,)."""
    rows = quantum_fisher.drawn(problem, problem.forget, inputs, "forget")
    information = quantum_fisher.diagonal(problem, rows).reshape(-1)
    return entanglement.weights(problem, rows) * information


def pruned(parameters: Parameters, chosen: np.ndarray) -> Parameters:
    """A copy with zero for the chosen angles."""
    angles = np.array(parameters["circuit"])
    angles.reshape(-1)[chosen] = 0
    return {**parameters, "circuit": angles}
