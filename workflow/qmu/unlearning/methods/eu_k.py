"""`eu_k`: exact unlearning of the last k layers: they are trained again from fresh parameters.

Source: EU-k of Goel, Prabhu and Kumaraguru 2022 (arXiv:2201.06640). Layers are counted as in
`cf_k`. The recipe is the model's own, with its optimiser, minibatch and epochs; where its learning
rate falls along a cosine it stays here, and noise of private training is not added. With ``layers:
all`` it is retraining; with fewer, what the frozen layers know of the forget set stays.
"""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning import masks
from qmu.unlearning.loops import Minibatch, Scoped, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Retraining of the last layers",
    source="EU-k of Goel et al. 2022, arXiv:2201.06640",
    reads="retain",
    cost="training",
)


class Config(Scoped):
    """``layers``: how many begin anew, from the output on; ``epochs``: those of the recipe where
    none are given."""

    layers: PositiveInt | Literal["all"] = 2
    epochs: PositiveInt | None = None


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Train the last layers on the retained data, from fresh parameters."""
    recipe = problem.model.config.training
    if config.epochs is not None:
        recipe = recipe.model_copy(update={"epochs": config.epochs})
    fresh = problem.model.initial_parameters(problem.generator("initial"))
    trained = masks.last_layers(problem, config.layers)

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return masks.weighted(trained, problem.gradient(parameters, minibatch.retain), 0.0)

    start = masks.chosen(trained, fresh, problem.parameters)
    return fine_tune(problem, recipe, descent, start)
