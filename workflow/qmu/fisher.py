"""The diagonal empirical Fisher: the mean over samples of squared loss gradients.

Per-sample squares, not squares of batch means (Foster, Schoepf and Brintrup 2023,
arXiv:2308.07707, use batch means in their code, which shrinks with the batch size).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .lazy import jax, jnp
from .model import Model, Parameters
from .problem import Data, Problem

if TYPE_CHECKING:
    from jax import Array

# Samples whose gradients are held at once: 32 x 251,000 doubles are 64 MB.
CHUNK = 32


@lru_cache(maxsize=8)
def _compiled_chunk(model: Model) -> Callable[..., Parameters]:
    """Weighted sum of the squared gradients of one chunk of samples."""

    def one(parameters: Parameters, row: Array, label: Array) -> Any:
        return jax.grad(model.mean_loss)(parameters, row[None], label[None])

    def chunk(parameters: Parameters, inputs: Array, labels: Array, weight: Array) -> Parameters:
        gradients = jax.vmap(one, in_axes=(None, 0, 0))(parameters, inputs, labels)
        return jax.tree.map(lambda g: jnp.tensordot(weight, g * g, axes=1), gradients)

    return jax.jit(chunk)


def sum_of_squares(problem: Problem, data: Data) -> Parameters:
    """Sum over samples of the squared gradient of the training loss, one array per parameter."""
    model, chunk = problem.model, _compiled_chunk(problem.model)
    total = jax.tree.map(jnp.zeros_like, problem.parameters)
    for start in range(0, len(data), CHUNK):
        inputs, labels = data.inputs[start : start + CHUNK], data.labels[start : start + CHUNK]
        missing = CHUNK - len(labels)
        weight = jnp.asarray([1.0] * len(labels) + [0.0] * missing, model.dtype)
        inputs = jnp.concatenate([inputs, jnp.repeat(inputs[:1], missing, axis=0)])
        labels = jnp.concatenate([labels, jnp.repeat(labels[:1], missing, axis=0)])
        squares = chunk(problem.parameters, inputs, labels, weight)
        total = jax.tree.map(jnp.add, total, squares)
        problem.report(f"importance of {min(start + CHUNK, len(data))}/{len(data)} samples")
    problem.ledger.gradient_evaluations += len(data)
    return total
