"""What the released methods of Crivoi and Ionescu 2025 (arXiv:2512.19253) share: their loop.

Every method of their public code trains by Adam on the cross-entropy, looks at an evaluation set
after each epoch, ends when its accuracy has not risen for some epochs, and returns the best epoch.
They evaluate on test data with the forgotten class in them, which favours not forgetting; here it
is the validation split. What does not fill a minibatch is left out of an epoch.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from qmu.lazy import jnp
from qmu.models.model import Parameters

from .loops import FineTuning, Update, descending, one_pass, passes
from .masks import Masks
from .problem import Outcome, Problem, State


class Released(FineTuning):
    """The released settings; ``patience``: the epochs without a better one that end a run."""

    optimizer: Literal["adam"] = "adam"
    learning_rate: PositiveFloat = 0.001
    batch_size: PositiveInt = 64
    epochs: PositiveInt = 10
    patience: PositiveInt = 6


def best_epoch(
    problem: Problem,
    config: Released,
    gradient: Update,
    rows: int,
    start: Parameters | None = None,
) -> Outcome:
    """Descend ``gradient``, and return the first epoch of the highest validation accuracy.

    An epoch goes over ``rows`` samples. The trained model itself is no candidate.
    """
    parameters = problem.parameters if start is None else problem.within(start)
    update = descending(config, gradient)
    history: dict[str, list[float]] = {"epoch": [], "loss": [], "accuracy": []}
    best, chosen, accuracy = 0, parameters, -np.inf
    stopped = f"all of {config.epochs} epochs done"
    for epoch in range(1, config.epochs + 1):
        parameters = one_pass(problem, config.batch_size, rows, epoch - 1, update, parameters)
        if problem.has("forget"):
            row = (epoch, *problem.measure(parameters, problem.forget))
            for column, value in zip(history, row, strict=True):
                history[column].append(value)
        found = problem.measure(parameters, problem.validation)[1]
        if found > accuracy:
            best, chosen, accuracy = epoch, parameters, found
        elif epoch - best >= config.patience:
            stopped = f"validation accuracy did not rise for {config.patience} epochs"
            break
    stopped = f"{stopped}; epoch {best} was best"
    steps = epoch * passes(rows, config.batch_size)
    end = State(chosen, stopped, steps, history, *problem.bill())
    return Outcome(chosen, stopped, history, end)


def groups(problem: Problem) -> list[list[str]]:
    """The names of the tensors of each layer, from the inputs on; the circuit is one."""
    found: dict[str, list[str]] = {}
    for name in problem.model.initial_parameters(np.random.default_rng(0)):
        found.setdefault(name if name == "circuit" else name.rpartition("/")[0], []).append(name)
    return list(found.values())


def whole(parameters: Parameters, layers: list[list[str]]) -> Masks:
    """True for every entry of the tensors of some ``layers``."""
    names = {name for layer in layers for name in layer}
    return {name: np.full(np.shape(value), name in names) for name, value in parameters.items()}


def uphill(masks: Masks, gradient: Parameters) -> Parameters:
    """The negative of a gradient in the masks, 0 elsewhere."""
    return {name: jnp.where(masks[name], -g, jnp.zeros_like(g)) for name, g in gradient.items()}
