"""The fast engine for amplitude-embedded circuits: fused layers, batches and fleets in one program.

Two routes give the same expectation values, and the cheaper one is chosen from the shapes: the
layers act on every sample, or they act once on the identity and the resulting unitary meets all
samples in one matrix product (two where the samples are complex).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp

from qmu.circuits.circuit import Circuit

from .adjoint import evolution
from .program import applies, program
from .tables import Tables, tables

__all__ = ["applies", "expectation_function", "unitary_is_cheaper"]

Route = Literal["auto", "states", "unitary"]

# Small matrix products, phases and permutations reach this share of a large product's rate.
_LAYER_EFFICIENCY = 0.2
_LARGEST_UNITARY = 10


def expectation_function(
    circuit: Circuit, precision: Literal["single", "double"] = "single", route: Route = "auto"
) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """``f(parameters (P,), states (B, 2**n)) -> <Z> (B, m)`` for circuits where ``applies``.

    States are real or complex unit vectors, the result is float32 (``single``) or float64
    (``double``). ``f`` may be jitted, scanned, vmapped over parameters, states or both, and
    differentiated in reverse mode in both arguments; second derivatives come as forward or reverse
    mode over reverse mode (``jax.jvp(jax.grad(...))``), forward mode alone is not defined.
    ``route`` overrides the choice by cost. Raises ValueError where ``applies`` is False.
    """
    table = tables(program(circuit))
    evolve = evolution(table) if table.layers else None
    dtype = jnp.dtype("float32" if precision == "single" else "float64")
    size = 2**table.wires

    def final_states(angles: jax.Array, states: jax.Array) -> jax.Array:
        """(2**n, 2, B), real and imaginary part in the middle."""
        complex_input = jnp.iscomplexobj(states)
        cheaper = unitary_is_cheaper(table, len(states), complex_input)
        if evolve is None or route == "states" or (route == "auto" and not cheaper):
            state = _split(states, dtype)
            return state if evolve is None else evolve(angles, state)
        unitary = evolve(angles, _split(jnp.eye(size, dtype=dtype), dtype)).reshape(-1, size)
        return _product(unitary, states, dtype)

    def expectations(parameters: jax.Array, states: jax.Array) -> jax.Array:
        parameters, states = jnp.asarray(parameters), jnp.asarray(states)
        final = final_states(table.angles(parameters.astype(dtype)), states)
        probabilities = jnp.sum(jnp.square(final), axis=1)
        return jnp.matmul(probabilities.T, table.measured.T.astype(dtype), precision="highest")

    return expectations


def unitary_is_cheaper(table: Tables, batch: int, complex_input: bool) -> bool:
    """Compare operations per route: layers on ``batch`` columns, or on 2**n and a large product."""
    size = 2**table.wires
    if table.wires > _LARGEST_UNITARY:
        return False
    layers = table.layers * sum(2**group for group in table.groups) / _LAYER_EFFICIENCY
    product = size * (2 if complex_input else 1)
    return layers * batch > layers * size + product * batch


def _split(states: jax.Array, dtype: jnp.dtype) -> jax.Array:
    """(B, 2**n) -> (2**n, 2, B): amplitude, real or imaginary part, sample."""
    real, imaginary = jnp.real(states).astype(dtype).T, jnp.imag(states).astype(dtype).T
    return jnp.stack([real, imaginary], axis=1)


def _product(unitary: jax.Array, states: jax.Array, dtype: jnp.dtype) -> jax.Array:
    """The unitary (2 * 2**n, 2**n), parts in turn in its rows, times the states (B, 2**n)."""
    size = unitary.shape[1]

    def times(part: jax.Array) -> jax.Array:
        product = jnp.matmul(unitary, part.astype(dtype).T, precision="highest")
        return product.reshape(size, 2, -1)

    if not jnp.iscomplexobj(states):
        return times(states)
    real, imaginary = times(jnp.real(states)), times(jnp.imag(states))
    return jnp.stack(
        [real[:, 0] - imaginary[:, 1], real[:, 1] + imaginary[:, 0]],
        axis=1,
    )
