"""The fast engine for amplitude-embedded circuits: layers fused, batch and fleet compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp

from qmu.circuits.circuit import Circuit

from .fused_layers import evolution
from .fused_program import applies, program
from .fused_tables import tables

__all__ = ["applies", "expectation_function"]


def expectation_function(
    circuit: Circuit, precision: Literal["single", "double"] = "single"
) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """``f(parameters (P,), states (B, 2**n)) -> <Z> (B, m)`` for circuits where ``applies``.

    States are real or complex unit vectors, the result is float32 (``single``) or float64
    (``double``). Any JAX transformation may be applied to ``f``.
    """
    table = tables(program(circuit))
    evolve = evolution(table)
    dtype = jnp.dtype("float32" if precision == "single" else "float64")

    def expectations(parameters: jax.Array, states: jax.Array) -> jax.Array:
        angles = table.angles(jnp.asarray(parameters).astype(dtype))
        states = jnp.asarray(states)
        parts = [jnp.real(states), jnp.imag(states)]
        state = jnp.stack([part.astype(dtype).T for part in parts], axis=1)
        state = evolve(angles, state)
        probabilities = jnp.sum(jnp.square(state), axis=1)
        return jnp.matmul(probabilities.T, table.measured.T.astype(dtype), precision="highest")

    return expectations
