"""`orthograd`: ascends the forget loss orthogonally to the gradient of every retained sample.

Source: Shamsian et al. 2025 (arXiv:2503.02312). Of the forget gradient what lies in the span of the
per-sample gradients of a retained minibatch is taken away, over all parameters together: to first
order no sample of it changes. RECONSTRUCTED: the step has a fixed length, as a share of the size
of all tensors (see `scaled_steps`), but here the direction as a whole is scaled, since tensor by
tensor it would not stay orthogonal. The ascent has no bound: it ends by the rules of `stopping`.

A span of as many dimensions as there are parameters leaves no direction, and no step is taken: a
minibatch is smaller than the number of parameters.
"""

from __future__ import annotations

import numpy as np

from qmu.models.model import Parameters
from qmu.unlearning.loops import Minibatch, ScaledSteps, iterate
from qmu.unlearning.problem import MethodCard, Outcome, Problem, in_scope
from qmu.unlearning.scaled_steps import TINY, size

CARD = MethodCard(
    title="OrthoGrad",
    source="Shamsian et al. 2025, arXiv:2503.02312 (step reconstructed)",
    reads="both",
    validation=True,
    reconstructed=True,
)

# Singular values below this share of the largest, and what is left of a gradient below it, are
# rounding.
ROUNDING = {"float32": 1e-4, "float64": 1e-10}


class Config(ScaledSteps):
    """``step_length``: the fraction of the size of all parameters that one step moves."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Follow the projected forget gradient."""

    def update(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        ascent = problem.gradient(parameters, minibatch.forget)
        each = problem.per_sample_gradients(parameters, minibatch.retain)
        along = orthogonal(ascent, each)
        own = [size(name, parameters[name]) for name in along if in_scope(problem.scope, name)]
        length = config.step_length * float(np.linalg.norm(own))
        return {name: parameters[name] + length * along[name] for name in parameters}

    return iterate(problem, config, update)


def orthogonal(ascent: Parameters, each: Parameters) -> Parameters:
    """``ascent`` without its part in the span of ``each`` sample's gradient (n, ...), of length one
    over all parameters together; zero where nothing is left."""
    names = sorted(ascent)
    dtype = str(np.asarray(ascent[names[0]]).dtype)
    flat = np.concatenate([np.ravel(ascent[name]) for name in names]).astype(np.float64)
    rows = [np.reshape(each[name], (len(each[name]), -1)) for name in names]
    matrix = np.concatenate(rows, axis=1).astype(np.float64)
    _, values, axes = np.linalg.svd(matrix, full_matrices=False)
    axes = axes[values > ROUNDING[dtype] * max(values.max(initial=0.0), TINY)]
    # Twice: one projection leaves rounding errors of the size of what it takes away.
    left = flat
    for _ in range(2):
        left = left - axes.T @ (axes @ left)
    length = np.linalg.norm(left)
    gone = length <= ROUNDING[dtype] * max(np.linalg.norm(flat), TINY)
    left = np.zeros_like(left) if gone else left / length
    ends = np.cumsum([np.size(ascent[name]) for name in names])
    return {
        name: piece.reshape(np.shape(ascent[name])).astype(dtype)
        for name, piece in zip(names, np.split(left, ends[:-1]), strict=True)
    }
