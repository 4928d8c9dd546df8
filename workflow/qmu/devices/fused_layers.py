"""The layers of a fused program in JAX: real Kronecker factors, phases, one permutation.

RY on every qubit is a real Kronecker product, so real and imaginary parts pass through the same
small real matrices; the qubits are split into groups of at most five and each group is one matrix
product. The state has the shape (2**n, 2, batch): amplitude, real or imaginary part, sample. The
batch is contiguous, so permutations move whole rows. Everything here is plain JAX: it can be
differentiated any number of times, in both modes.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .fused_program import parity
from .fused_tables import Tables

_GROUP = 5
_UNROLLED = 6


def evolution(tables: Tables) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """``f(angles (L, n + K), state (2**n, 2, B)) -> state`` after all layers."""
    layer = _layer(tables)

    def evolve(angles: jax.Array, state: jax.Array) -> jax.Array:
        if tables.layers <= _UNROLLED:
            for number, source in enumerate(tables.sources):
                state = layer(angles[number], source, state)
            return state
        state = layer(angles[0], tables.sources[0], state)
        later = tables.sources[1:]
        if all(source is later[0] for source in later):
            return jax.lax.scan(lambda s, a: (layer(a, later[0], s), None), state, angles[1:])[0]
        identity = np.arange(2**tables.wires, dtype=np.int32)
        stacked = np.stack([identity if source is None else source for source in later])
        return jax.lax.scan(lambda s, x: (layer(*x, s), None), state, (angles[1:], stacked))[0]

    return evolve


def _layer(tables: Tables) -> Callable[..., jax.Array]:
    wires, low = tables.wires, tables.wires // 2
    # The sign of a parity is the product of its signs on the high and the low half of the bits.
    high_signs = parity(tables.masks >> low, np.arange(2 ** (wires - low))[:, None])
    low_signs = parity(tables.masks & (2**low - 1), np.arange(2**low)[:, None])
    groups = -(-wires // _GROUP)
    sizes = [wires // groups + (group < wires % groups) for group in range(groups)]

    def layer(angles: jax.Array, source: np.ndarray | None, state: jax.Array) -> jax.Array:
        if source is not None:
            state = state[source]
        if len(tables.masks):
            high = angles[wires:] * high_signs.astype(angles.dtype)
            phases = jnp.matmul(high, low_signs.T.astype(angles.dtype), precision="highest")
            state = _turn(state, phases.reshape(-1, 1))
        first = 0
        for size in sizes:
            matrix = _kronecker(angles[first : first + size] / 2)
            block = state.reshape(2**first, 2**size, -1)
            matrices = jnp.broadcast_to(matrix, (len(block), *matrix.shape))
            state = jnp.matmul(matrices, block, precision="highest").reshape(state.shape)
            first += size
        return state

    return layer


def _turn(state: jax.Array, phases: jax.Array) -> jax.Array:
    """Multiply amplitude b by exp(i phases[b])."""
    cosine, sine = jnp.cos(phases), jnp.sin(phases)
    real, imaginary = state[:, 0], state[:, 1]
    return jnp.stack(
        [cosine * real - sine * imaginary, sine * real + cosine * imaginary], axis=1
    )


def _kronecker(halves: jax.Array) -> jax.Array:
    """RY(2 h_1) x ... x RY(2 h_k) as a real matrix (2**k, 2**k)."""
    cosine, sine = jnp.cos(halves), jnp.sin(halves)
    gates = jnp.stack([cosine, -sine, sine, cosine], axis=-1).reshape(-1, 2, 2)
    product = gates[0]
    for gate in gates[1:]:
        product = jnp.einsum("ab,cd->acbd", product, gate).reshape(2 * len(product), -1)
    return product
