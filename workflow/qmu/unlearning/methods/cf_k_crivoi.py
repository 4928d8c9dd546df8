"""`cf_k_crivoi`: CF-k as Crivoi and Ionescu released it, for reproduction only; `cf_k` is the one.

Source: the code of Crivoi and Ionescu 2025 (arXiv:2512.19253). It freezes the first k layers,
counted from the inputs, and ASCENDS the forget loss by the rest, where CF-k fine-tunes the last
layers on retained data. The loss has no bound and nothing stops it but the epochs and the choice of
one (see `crivoi`): where it does too little or too much, that is its result.
"""

from __future__ import annotations

from pydantic import PositiveInt

from qmu import losses
from qmu.errors import QmuError
from qmu.models.model import Parameters
from qmu.unlearning.crivoi import Released, best_epoch, groups, uphill, whole
from qmu.unlearning.loops import Minibatch
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import compiled

CARD = MethodCard(
    title="CF-k of Crivoi and Ionescu, as released",
    source="code of Crivoi and Ionescu 2025, arXiv:2512.19253",
    reads="forget",
    validation=True,
    needs=("head", "layers"),
    cost="epochs",
    released=True,
)


class Config(Released):
    """``frozen``: how many layers stay, from the inputs on."""

    frozen: PositiveInt = 1


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Ascend the forget loss by all but the first layers."""
    layers = groups(problem)
    if config.frozen >= len(layers):
        raise QmuError(
            f"{problem.method}: frozen: {config.frozen} of {len(layers)} layers leave none to "
            "change; freeze fewer"
        )
    trained = whole(problem.parameters, layers[config.frozen :])

    def ascent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        found = problem.gradient(parameters, minibatch.forget, losses.cross_entropy)
        return compiled(uphill)(trained, found)

    return best_epoch(problem, config, ascent, len(problem.forget))
