"""`rga`: relative gradient ascent, ascent on the forget set relative to the retain gradient.

Source: Su et al. 2025 (arXiv:2509.06086) name the mechanism; its equation and code are not
public. RECONSTRUCTED here as

    d = -g_r + lambda * (|g_r| / |g_f|) * g_f,

which for lambda = 1 to first order neither raises the retain loss nor lowers the forget loss.
Dividing d by |g_r| keeps its direction and frees the step from how saturated the target is:
-g_r/|g_r| + lambda * g_f/|g_f|, taken tensor by tensor (`scaled_steps`), where the same two
inequalities hold for every tensor. Other readings stand behind ``variant``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning.loops import Minibatch, ScaledSteps, follow
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import TINY, combined, compiled, unit

CARD = MethodCard(
    title="Relative gradient ascent",
    source="Su et al. 2025, arXiv:2509.06086 (named there; equation reconstructed)",
    reads="both",
    validation=True,
    reconstructed=True,
)


class Config(ScaledSteps):
    """``weight`` is lambda; ``ascents`` and ``descents`` belong to the ``alternate`` variant."""

    variant: Literal["norm", "alternate", "logratio", "proj"] = "norm"
    weight: float = Field(default=1.0, ge=0)
    ascents: PositiveInt = 8
    descents: PositiveInt = 1


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Follow the relative direction with equal minibatches of both sets."""

    def along(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return direction(problem, config, minibatch, parameters)

    return follow(problem, config, along)


def direction(
    problem: Problem, config: Config, minibatch: Minibatch, parameters: Parameters
) -> Parameters:
    """The direction of one step, tensors of unit length (for ``norm`` the sum of two)."""
    if config.variant == "alternate":
        ascend = minibatch.step % (config.ascents + config.descents) < config.ascents
        data = minibatch.forget if ascend else minibatch.retain
        gradient = compiled(unit)(problem.gradient(parameters, data))
        return gradient if ascend else {name: -value for name, value in gradient.items()}
    forget, retain = minibatch.forget, minibatch.retain
    g_f, g_r = problem.gradient(parameters, forget), problem.gradient(parameters, retain)
    if config.variant == "logratio":
        l_f, l_r = (problem.training_loss(parameters, data) for data in (forget, retain))
        ratios = 1 / max(l_f, TINY), -1 / max(l_r, TINY)
        return compiled(unit)(compiled(combined)(g_f, ratios[0], g_r, ratios[1]))
    if config.variant == "proj":
        return compiled(projected)(g_f, g_r)
    return compiled(relative)(g_f, g_r, config.weight)


def relative(g_f: Parameters, g_r: Parameters, weight: float) -> Parameters:
    """-g_r/|g_r| + weight * g_f/|g_f| for every tensor: the ``norm`` direction over |g_r|."""
    return combined(unit(g_f), weight, unit(g_r), -1.0)


def projected(g_f: Parameters, g_r: Parameters) -> Parameters:
    """g_f without its component along g_r where ascent would raise the retain loss, minus g_r.

    Every tensor by itself, then scaled to unit length; d . g_r = -|g_r|^2 before scaling wherever
    the two gradients agree.
    """
    direction = {}
    for name, ascent in g_f.items():
        descent = g_r[name]
        overlap = jnp.maximum(jnp.vdot(ascent, descent), 0.0)
        along = overlap / jnp.maximum(jnp.vdot(descent, descent), TINY)
        direction[name] = ascent - along * descent - descent
    return unit(direction)
