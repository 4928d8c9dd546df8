"""`cfw`: confuses the layers before the head by noise, then trains with weighted classes.

Source: Cadet et al. 2024 ("Deep Unlearn", arXiv:2410.01276), after an entry of the NeurIPS 2023
challenge: convolutions get N(0, 0.6^2), 4 epochs at 0.0007 of a class-weighted loss on the retained
data follow, and before the last one noise of 0.005. RECONSTRUCTED: what is no head counts as a
convolution; a class weighs by the inverse of its number of retained rows; noise is a share of each
tensor's size (see `noise_only`), and less at first, since angles of a circuit have no redundancy.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from pydantic import Field, PositiveFloat

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning import noise
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.methods.noise_only import jittered
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import compiled

CARD = MethodCard(
    title="Confuse, fine-tune, weight",
    source="CFW of Cadet et al. 2024, arXiv:2410.01276 (for circuits reconstructed)",
    reads="retain",
    cost="epochs",
    needs=("layers",),
    reconstructed=True,
)


class Config(FineTuning):
    """``noise`` at first, ``last_noise`` before the last epoch, as shares of each tensor's size."""

    noise: float = Field(default=0.2, ge=0)
    last_noise: float = Field(default=0.005, ge=0)
    learning_rate: PositiveFloat = 0.02
    epochs: int = Field(default=10, ge=2)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Add the noise, and train in between."""
    loss = of_class(problem.model.config.training.loss)
    rows = weighed(problem)

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.of(rows, "retain"), loss)

    start = confused(problem, problem.parameters, "first", config.noise)
    but_one = config.model_copy(update={"epochs": config.epochs - 1})
    found = fine_tune(problem, but_one, descent, start).parameters
    again = confused(problem, found, "last", config.last_noise)
    last = fine_tune(problem, config.model_copy(update={"epochs": 1}), descent, again)
    return Outcome(last.parameters, f"all of {config.epochs} epochs done")


def confused(problem: Problem, parameters: Parameters, when: str, size: float) -> Parameters:
    """``parameters`` with noise on what stands before the head."""
    added = noise.normal(problem.key("noise", when), parameters)
    found = compiled(jittered)(parameters, added, size)
    return {n: value if n.startswith("head/") else found[n] for n, value in parameters.items()}


def weighed(problem: Problem) -> Data:
    """The retained rows with targets (n, 2): the label, and a weight whose mean over them is 1."""
    labels = np.asarray(problem.retain.labels)
    counts = np.bincount(labels)
    weights = len(labels) / np.count_nonzero(counts) / counts[labels]
    targets = np.column_stack([labels, weights]).astype(problem.model.dtype)
    return Data(problem.retain.inputs, targets)


@cache
def of_class(name: str) -> losses.Loss:
    """The training loss ``name`` times each row's weight, for the targets of `weighed`."""
    own = losses.LOSSES[name]

    def loss(logits: Any, targets: Any, xp: ModuleType) -> Any:
        return targets[:, 1] * own(logits, targets[:, 0].astype(int), xp)

    return loss
