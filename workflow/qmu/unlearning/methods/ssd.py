"""`ssd`: selective synaptic dampening, the "Fisher-based" mechanism of Su et al. 2025.

Source: Foster, Schoepf and Brintrup 2023 (arXiv:2308.07707). With I_S the mean squared per-sample
gradient over S, parameters with I_f > alpha * I_D are multiplied by min(lambda * I_D / I_f, 1).

The published alpha = 10 selects almost nothing when the forget class is a tenth of the data,
because I_f / I_D <= n / n_f. So alpha descends a list until the forget set is forgotten (rule of
`stopping`); the importances are computed once. Rotation angles have no natural zero: they are
wrapped to half a period on either side of it before they are dampened.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field, PositiveFloat

from qmu.circuits.angles import wrapped
from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning.fisher import sum_of_squares
from qmu.unlearning.loops import Scoped, first_that_forgets
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import compiled
from qmu.unlearning.stopping import Stopping

CARD = MethodCard(
    title="Selective synaptic dampening",
    source="Foster et al. 2023, arXiv:2308.07707; the Fisher-based method of arXiv:2509.06086",
    reads="both",
    cost="once",
    validation=True,
)


class Config(Scoped):
    """``alphas``: selection thresholds, tried from the most to the least selective."""

    alphas: tuple[PositiveFloat, ...] = Field(
        default=(10, 8, 7, 6, 5, 4, 3.5, 3, 2.5, 2, 1.7, 1.5, 1.3, 1.15, 1, 0.9, 0.8, 0.7),
        min_length=1,
    )
    dampening: PositiveFloat = 1.0
    stopping: Stopping = Field(default=Stopping())


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Dampen with the largest alpha of the list that forgets."""
    n_f, n_r = len(problem.forget), len(problem.retain)
    forget = sum_of_squares(problem, problem.forget)
    retain = sum_of_squares(problem, problem.retain)
    of_forget = {name: forget[name] / n_f for name in forget}
    of_all = {name: (forget[name] + retain[name]) / (n_f + n_r) for name in forget}
    start, circuit = dict(problem.parameters), problem.model.circuit
    if circuit is not None:
        start["circuit"] = wrapped(np.asarray(start["circuit"]), circuit)

    def states() -> Iterator[Parameters]:
        for alpha in sorted(config.alphas, reverse=True):
            problem.report(f"alpha {alpha:g}")
            yield compiled(dampen)(start, of_forget, of_all, alpha, config.dampening)

    return first_that_forgets(problem, config.stopping, states(), exhausted="every alpha tried")


def dampen(
    parameters: Parameters,
    of_forget: Parameters,
    of_all: Parameters,
    alpha: float,
    dampening: float,
) -> Parameters:
    """The dampened copy; parameters of zero importance on both sides stay untouched."""

    def one(value, i_f, i_d):
        factor = jnp.minimum(dampening * i_d / jnp.where(i_f > 0, i_f, 1.0), 1.0)
        return jnp.where(i_f > alpha * i_d, factor * value, value)

    return {k: one(parameters[k], of_forget[k], of_all[k]) for k in parameters}
