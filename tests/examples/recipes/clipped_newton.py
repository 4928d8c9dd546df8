"""`clipped_newton`: one damped Newton step away from the clipped gradients of the forget set.

The step solves (H + damping) x = g, with the Hessian H of the retained data and the mean g of the
forget set's gradients, each clipped to a norm; it is tried in growing lengths until it forgets.
"""

from collections.abc import Iterator

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt
from qmu.models.curvature import conjugate_gradients
from qmu.models.model import Parameters
from qmu.strict import Strict
from qmu.unlearning.loops import first_that_forgets
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined
from qmu.unlearning.stopping import Stopping

CARD = MethodCard(
    title="Clipped Newton step", source="a recipe of this project", reads="both", validation=True
)


class Config(Strict):
    """``clip``: the largest norm of one sample's gradient; ``lengths``: from the gentlest on."""

    clip: PositiveFloat = 1.0
    damping: PositiveFloat = 1.0
    iterations: PositiveInt = 10
    lengths: tuple[PositiveFloat, ...] = Field(
        default=tuple(0.1 * 1.3**k for k in range(24)), min_length=1
    )
    stopping: Stopping = Field(default=Stopping())


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Take the longest step that is needed, along one direction."""
    start = problem.parameters

    def damped(vector: Parameters) -> Parameters:
        product = problem.hessian_product(start, problem.retain, vector)
        return combined(product, 1.0, vector, config.damping)

    ascent = clipped(problem.per_sample_gradients(start, problem.forget), config.clip)
    step = problem.model.convert(conjugate_gradients(damped, ascent, iterations=config.iterations))

    def states() -> Iterator[Parameters]:
        for length in sorted(config.lengths):
            yield combined(start, 1.0, step, length)

    return first_that_forgets(problem, config.stopping, states(), exhausted="every length tried")


def clipped(gradients: Parameters, clip: float) -> Parameters:
    """The mean of gradients (n, ...) that are no longer than ``clip``."""
    count = len(gradients["head/bias"])
    rows = np.concatenate([g.reshape(count, -1) for g in gradients.values()], axis=1)
    factors = np.minimum(1, clip / np.maximum(np.linalg.norm(rows, axis=1), 1e-30))
    return {name: np.tensordot(factors, g, axes=1) / count for name, g in gradients.items()}
