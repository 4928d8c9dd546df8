"""`noisy_ft`: fine-tuning on the retained data by clipped and noised minibatch gradients.

Source: the method that Crivoi and Ionescu 2025 (arXiv:2512.19253) run as "certified": a gradient is
cut to the norm 1, gets N(0, 0.05^2) per entry, and Adam takes 12 epochs at 0.001.

The trap: there is no certificate. What is cut is a minibatch's gradient, not a sample's, and no
sensitivity is computed. `langevin` is the principled form.
"""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning import noise
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import combined, compiled

CARD = MethodCard(
    title="Fine-tuning with noise",
    source="Crivoi and Ionescu 2025, arXiv:2512.19253",
    reads="retain",
    cost="epochs",
)


class Config(FineTuning):
    """``clip``: the largest norm of a minibatch's gradient over all parameters, null for none;
    ``noise``: standard deviation per entry."""

    clip: PositiveFloat | None = 1.0
    noise: float = Field(default=0.05, ge=0)
    epochs: PositiveInt = 12


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend noised gradients of the retained data."""

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        found = problem.gradient(parameters, minibatch.retain)
        if config.clip is not None:
            found = compiled(clipped)(found, config.clip)
        added = noise.normal(problem.key("noise", minibatch.step), found)
        return problem.scoped(compiled(combined)(found, 1.0, added, config.noise))

    return fine_tune(problem, config, descent)


def clipped(gradient: Parameters, norm: float) -> Parameters:
    """The gradient cut to a Euclidean norm over all parameters together."""
    length = jnp.sqrt(sum(jnp.vdot(g, g) for g in gradient.values()))
    return {name: g * (norm / jnp.maximum(length, norm)) for name, g in gradient.items()}
