"""The diagonal empirical Fisher: the mean over samples of squared loss gradients.

Per-sample squares, not squares of batch means (Foster, Schoepf and Brintrup 2023,
arXiv:2308.07707, use batch means in their code, which shrinks with the batch size).
"""

from __future__ import annotations

import numpy as np

from qmu.models.curvature import ROWS, pieces
from qmu.models.gradients import squared_gradients
from qmu.models.model import Parameters

from .problem import Data, Problem

# Samples that are differentiated at once.
CHUNK = ROWS


def sum_of_squares(problem: Problem, data: Data) -> Parameters:
    """Sum over samples of the squared gradient of the training loss, one array per parameter."""
    model, read = problem.model, 0
    chunk = squared_gradients(model)
    total = {name: np.zeros(np.shape(value)) for name, value in problem.parameters.items()}
    for piece in pieces(data.inputs, data.labels, CHUNK, model.dtype):
        squares = chunk(problem.parameters, *piece)
        total = {name: total[name] + np.asarray(squares[name], np.float64) for name in total}
        read = min(read + CHUNK, len(data))
        problem.report(f"importance of {read}/{len(data)} samples")
    problem.ledger.gradient_evaluations += len(data)
    return problem.scoped(total)
