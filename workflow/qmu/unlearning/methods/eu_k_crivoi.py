"""`eu_k_crivoi`: EU-k as Crivoi and Ionescu released it, for reproduction only; `eu_k` is the one.

Source: the code of Crivoi and Ionescu 2025 (arXiv:2512.19253). It gives the last one or two dense
layers fresh parameters, then trains EVERYTHING on the retained data, where EU-k trains the fresh
layers alone. The epoch is chosen as in `crivoi`; at the released rate the fresh layers may not
learn their task again.
"""

from __future__ import annotations

from typing import Literal

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning import masks
from qmu.unlearning.crivoi import Released, best_epoch, groups, whole
from qmu.unlearning.loops import Minibatch
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="EU-k of Crivoi and Ionescu, as released",
    source="code of Crivoi and Ionescu 2025, arXiv:2512.19253",
    reads="retain",
    validation=True,
    needs=("head",),
    cost="epochs",
    released=True,
)


class Config(Released):
    """``layers``: how many of the head's begin anew, from the output on."""

    layers: Literal[1, 2] = 1


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Train everything on the retained data, the last layers from fresh parameters."""
    head = [layer for layer in groups(problem) if layer[0].startswith("head/")]
    fresh = problem.model.initial_parameters(problem.generator("initial"))
    start = masks.chosen(
        whole(problem.parameters, head[-config.layers :]), fresh, problem.parameters
    )

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.retain, losses.cross_entropy)

    return best_epoch(problem, config, descent, len(problem.retain), start)
