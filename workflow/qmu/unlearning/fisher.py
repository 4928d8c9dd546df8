"""The diagonal empirical Fisher: the mean over samples of squared loss gradients.

Per-sample squares, not squares of batch means (Foster, Schoepf and Brintrup 2023,
arXiv:2308.07707, use batch means in their code, which shrinks with the batch size).
"""

from __future__ import annotations

import numpy as np

from qmu.models.gradients import squared_gradients
from qmu.models.model import Parameters

from .problem import Data, Problem

# Samples whose gradients are held at once: 32 x 251,000 doubles are 64 MB.
CHUNK = 32


def sum_of_squares(problem: Problem, data: Data) -> Parameters:
    """Sum over samples of the squared gradient of the training loss, one array per parameter."""
    model, chunk = problem.model, squared_gradients(problem.model)
    total = {name: np.zeros(np.shape(value)) for name, value in problem.parameters.items()}
    for start in range(0, len(data), CHUNK):
        inputs, labels = data.inputs[start : start + CHUNK], data.labels[start : start + CHUNK]
        missing = CHUNK - len(labels)
        weight = np.array([1.0] * len(labels) + [0.0] * missing, model.dtype)
        inputs = np.concatenate([inputs, np.repeat(inputs[:1], missing, axis=0)])
        labels = np.concatenate([labels, np.repeat(labels[:1], missing, axis=0)])
        squares = chunk(problem.parameters, inputs, labels, weight)
        total = {name: total[name] + np.asarray(squares[name], np.float64) for name in total}
        problem.report(f"importance of {min(start + CHUNK, len(data))}/{len(data)} samples")
    problem.ledger.gradient_evaluations += len(data)
    return total
