"""`amun`: fine-tuning on adversarial neighbours of the forget samples, with the labels they get.

Source: Ebrahimpour-Boroojeny, Sundaram and Chandrasekaran 2025, "AMUN: Adversarial machine
unlearning" (arXiv:2503.00917): a sample's nearest adversarial example, with the wrong label that
the model itself gives it, lowers the confidence there and disturbs the rest the least.
RECONSTRUCTED: inputs climb the training loss in equal steps of the Euclidean norm until the model
names a class that they may be taken for (`targets.others`); one that never does stays at the end of
its way and gets the likeliest of these classes. Then some epochs descend the retain loss plus that
of the neighbours.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.unlearning import targets
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import TINY, combined, compiled

CARD = MethodCard(
    title="Adversarial neighbours with their labels (AMUN)",
    source="Ebrahimpour-Boroojeny et al. 2025, arXiv:2503.00917 (search and mixture reconstructed)",
    reads="both",
    needs=("real_inputs",),
    cost="epochs",
    reconstructed=True,
)


class Config(FineTuning):
    """``distance``: the longest way of an input, as a share of the mean distance of the forget
    samples from their mean; ``steps`` on it; ``weight`` of the neighbours' loss."""

    learning_rate: PositiveFloat = 0.01
    distance: float = Field(default=1.0, ge=0)
    steps: PositiveInt = 20
    weight: float = Field(default=1.0, ge=0)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Find the neighbours on the trained model, then descend both losses."""
    near = neighbours(problem, config)

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        g_r = problem.gradient(parameters, minibatch.retain)
        g_f = problem.gradient(parameters, minibatch.of(near, "forget"))
        return compiled(combined)(g_r, 1.0, g_f, config.weight)

    return fine_tune(problem, config, gradient)


def neighbours(problem: Problem, config: Config) -> Data:
    """The neighbours of the forget set, with the labels that they get."""
    forget = problem.forget
    inputs, allowed = np.array(forget.inputs), targets.others(problem, forget.labels)
    spread = np.linalg.norm(inputs - inputs.mean(axis=0), axis=1).mean()
    length = config.distance * float(spread) / config.steps
    logits = np.array(problem.logits(problem.parameters, forget))
    for _ in range(config.steps if length else 0):
        rows = np.flatnonzero(~np.take_along_axis(allowed, logits.argmax(axis=1)[:, None], 1)[:, 0])
        if not len(rows):
            break
        here = Data(inputs[rows], forget.labels[rows])
        uphill = problem.input_gradient(problem.parameters, here)
        size = np.linalg.norm(uphill, axis=1, keepdims=True)
        inputs[rows] += (length * uphill / np.maximum(size, TINY)).astype(inputs.dtype)
        moved = Data(inputs[rows], here.labels)
        logits[rows] = problem.logits(problem.parameters, moved)
    labels = targets.restricted(logits, allowed).argmax(axis=1)
    return Data(inputs, labels.astype(np.asarray(forget.labels).dtype))
