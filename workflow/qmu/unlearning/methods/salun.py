"""`salun`: random labels that move only the parameters which matter most to the forget set.

Source: Fan et al. 2024, "SalUn" (arXiv:2310.12508). The mask keeps the share ``mask`` of all
parameters with the largest gradient of the forget loss at the trained model, over all tensors
together; the rest stays bit for bit. With ``mask: 1`` it is `random_label`. Their code's weight
decay, which moves what is masked, is left out.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning.loops import Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import compiled
from qmu.unlearning.targets import Relabelling, random_labels

CARD = MethodCard(
    title="Saliency unlearning",
    source="Fan et al. 2024, arXiv:2310.12508",
    reads="both",
    cost="epochs",
)


class Config(Relabelling):
    """``mask``: the share of the parameters that may move."""

    mask: float = Field(default=0.5, gt=0, le=1)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend both losses by the masked parameters for some epochs."""
    mask = salient(problem.gradient(problem.parameters, problem.forget), config.mask)
    both = random_labels(problem, config.weight)

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return compiled(masked)(both(minibatch, parameters), mask)

    return fine_tune(problem, config, gradient)


def salient(gradient: Parameters, share: float) -> Parameters:
    """Where the largest entries (in size) of all tensors together are: round(share * count) of
    them, the first of equal ones."""
    sizes = np.concatenate([np.abs(np.asarray(g)).ravel() for g in gradient.values()])
    chosen = np.zeros(len(sizes), bool)
    chosen[np.argsort(-sizes, kind="stable")[: round(share * len(sizes))]] = True
    ends = np.cumsum([np.size(g) for g in gradient.values()])[:-1]
    pieces = zip(gradient.items(), np.split(chosen, ends), strict=True)
    return {name: piece.reshape(np.shape(g)) for (name, g), piece in pieces}


def masked(gradient: Parameters, mask: Parameters) -> Parameters:
    """The gradient with zeros outside of the mask."""
    return {name: jnp.where(mask[name], g, 0) for name, g in gradient.items()}
