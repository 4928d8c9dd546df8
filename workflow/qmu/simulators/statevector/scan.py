"""One-qubit steps applied to a batch of states by one ``lax.scan``, with an adjoint derivative.

The backward pass undoes each step instead of storing states (Jones and Gacon 2020,
arXiv:2009.02823): memory does not grow with depth. Real and imaginary parts are kept apart and the
batch is the last axis, because XLA vectorises that on the CPU and complex arithmetic it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Pair = tuple[Any, Any]
"""Real and imaginary part."""


def scan_function(targets: np.ndarray, controls: np.ndarray, size: int) -> Callable[..., Pair]:
    """``f(matrices (S, 2, 2, C), states (size, B)) -> final states``, all as ``Pair``.

    ``targets`` and ``controls`` (S,) are the bit masks of the steps. The matrices must be unitary.
    """
    index = np.arange(size, dtype=np.int32)

    def forward(matrices: Pair, states: Pair) -> Pair:
        def step(states: Pair, item: Any) -> tuple[Pair, None]:
            matrix, target, control = item
            return _apply(matrix, _Rows(index, target, control), states), None

        return jax.lax.scan(step, states, (matrices, targets, controls))[0]

    def backward(saved: tuple[Pair, Pair], bras: Pair) -> tuple[Pair, Pair]:
        matrices, states = saved
        inverse = _inverse(matrices)

        def step(carry: tuple[Pair, Pair], item: Any) -> tuple[tuple[Pair, Pair], Pair]:
            states, bras = carry
            matrix, target, control = item
            rows = _Rows(index, target, control)
            states = _apply(matrix, rows, states)
            gradient = _overlaps(bras, states, rows, shared=matrix[0].shape[-1] == 1)
            return (states, _apply(matrix, rows, bras)), gradient

        items = (inverse, targets, controls)
        (_, bras), gradients = jax.lax.scan(step, (states, bras), items, reverse=True)
        return gradients, bras

    @jax.custom_vjp
    def function(matrices: Pair, states: Pair) -> Pair:
        return forward(matrices, states)

    def keep(matrices: Pair, states: Pair) -> tuple[Pair, tuple[Pair, Pair]]:
        final = forward(matrices, states)
        return final, (matrices, final)

    function.defvjp(keep, backward)
    return function


class _Rows:
    """Which basis states one step couples, for a target and a control mask (scalars)."""

    def __init__(self, index: np.ndarray, target: Any, control: Any) -> None:
        self.partner = index ^ target
        self.set = ((index & target) != 0)[:, None]
        self.active = ((index & control) == control)[:, None]


def _apply(matrix: Pair, rows: _Rows, states: Pair) -> Pair:
    """One step on states (size, B) with the matrix (2, 2, C)."""
    coefficients = [
        _choose(rows, matrix[0][1, 1], matrix[0][0, 0], 1),
        _choose(rows, matrix[1][1, 1], matrix[1][0, 0], 0),
        *(_choose(rows, part[1, 0], part[0, 1], 0) for part in matrix),
    ]
    # Without the barrier XLA chooses them again for every sample, inside the vector loop.
    stay_real, stay_imag, cross_real, cross_imag = jax.lax.optimization_barrier(coefficients)
    partners = [_take(part, rows.partner) for part in states]
    real = stay_real * states[0] - stay_imag * states[1]
    real += cross_real * partners[0] - cross_imag * partners[1]
    imag = stay_real * states[1] + stay_imag * states[0]
    imag += cross_real * partners[1] + cross_imag * partners[0]
    return real, imag


def _choose(rows: _Rows, one: Any, zero: Any, idle: int) -> Any:
    return jnp.where(rows.active, jnp.where(rows.set, one, zero), idle)


def _take(states: Any, rows: Any) -> Any:
    return states.at[rows].get(mode="promise_in_bounds", unique_indices=True)


def _inverse(matrices: Pair) -> Pair:
    real, imag = matrices
    return jnp.swapaxes(real, 1, 2), -jnp.swapaxes(imag, 1, 2)


def _overlaps(bras: Pair, states: Pair, rows: _Rows, shared: bool) -> Pair:
    """Derivative with respect to the matrix (2, 2, C) from the bras behind the step.

    Entry (r, c) sums conj(bra_i) state_j over the active pairs, i with bit r and j with bit c.
    """
    entries = []
    for states_c in (states, [_take(part, rows.partner) for part in states]):
        real = bras[0] * states_c[0] + bras[1] * states_c[1]
        imag = bras[0] * states_c[1] - bras[1] * states_c[0]
        entries.append([_by_bit(part, rows, shared) for part in (real, -imag)])
    (same_real, same_imag), (other_real, other_imag) = entries
    return tuple(
        jnp.stack([jnp.stack([same[0], other[0]]), jnp.stack([other[1], same[1]])])
        for same, other in ((same_real, other_real), (same_imag, other_imag))
    )


def _by_bit(products: Any, rows: _Rows, shared: bool) -> tuple[Any, Any]:
    axis = (0, 1) if shared else 0
    return tuple(
        jnp.atleast_1d(jnp.sum(jnp.where(rows.active & where, products, 0), axis=axis))
        for where in (~rows.set, rows.set)
    )
