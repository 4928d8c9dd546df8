"""One layer of a fused program in JAX: a permutation, phases, real Kronecker factors.

RY on every qubit is a real Kronecker product, so real and imaginary parts pass through the same
small real matrices; the qubits are split into groups of at most five and each group is one matrix
product. The state has the shape (2**n, 2, batch): amplitude, real or imaginary part, sample. The
batch is contiguous, so permutations move whole rows.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .program import parity
from .tables import Tables

_BROADCAST = 256


class Factors(NamedTuple):
    """What turns a state: cos and sin of its phases (..., 2**n), each group's matrix and inverse.

    The inverses are stored: small matrix products are slower with a transposed first operand.
    """

    cosine: jax.Array | None
    sine: jax.Array | None
    matrices: tuple[jax.Array, ...]
    inverses: tuple[jax.Array, ...]


class Moments(NamedTuple):
    """Derivatives of a loss: in the phases (..., 2**n) and in each group's matrix elements."""

    phases: jax.Array | None
    products: tuple[jax.Array, ...]


class Layers:
    """Builds, applies and differentiates the layers of one program."""

    def __init__(self, tables: Tables) -> None:
        self.wires = tables.wires
        self.masks = tables.masks
        self.sizes = tables.groups

    @cached_property
    def _signs(self) -> tuple[np.ndarray, np.ndarray]:
        """A parity's sign is the product of its signs on the high and the low half of the bits."""
        low = self.wires // 2
        return (
            parity(self.masks >> low, np.arange(2 ** (self.wires - low))[:, None]),
            parity(self.masks & (2**low - 1), np.arange(2**low)[:, None]),
        )

    def factors(self, angles: jax.Array) -> Factors:
        """(..., n + K) angles -> the factors of that many layers."""
        cosine = sine = None
        if len(self.masks):
            high, low = (signs.astype(angles.dtype) for signs in self._signs)
            turned = angles[..., None, self.wires :]
            phases = _matmul(turned * _aligned(high, turned.ndim), low.T)
            phases = phases.reshape(*angles.shape[:-1], -1)
            cosine, sine = jnp.cos(phases), jnp.sin(phases)
        halves = angles[..., : self.wires] / 2
        parts = jnp.split(halves, np.cumsum(self.sizes)[:-1], axis=-1)
        matrices = tuple(_kronecker(part) for part in parts)
        return Factors(cosine, sine, matrices, tuple(_kronecker(-part) for part in parts))

    def forward(self, factors: Factors, source: jax.Array | None, state: jax.Array) -> jax.Array:
        state = state if source is None else state[source]
        return self._rotate(factors.matrices, _turn(state, factors.cosine, factors.sine))

    def backward(
        self,
        factors: Factors,
        source: jax.Array | None,
        target: jax.Array | None,
        before: jax.Array,
        after: jax.Array,
        gradient: jax.Array,
    ) -> tuple[jax.Array, Moments]:
        """The loss gradient in the state before the layer from that in the state after it.

        ``target`` is the inverse permutation of ``source``.
        """
        products = self._products(gradient, after)
        gradient = self._rotate(factors.inverses, gradient)
        phases = None
        if factors.cosine is not None:
            gradient = _turn(gradient, factors.cosine, -factors.sine)
        gradient = gradient if target is None else gradient[target]
        if factors.cosine is not None:
            # Turning by a phase does not change its own derivative, so the stored state serves.
            phases = _overlap(gradient, before)
            phases = phases if source is None else phases[source]
        return gradient, Moments(phases, products)

    def angle_gradient(self, moments: Moments) -> jax.Array:
        """(..., n + K) derivatives in the angles."""
        parts = [_rotation_gradient(product) for product in moments.products]
        if moments.phases is not None:
            high, low = (signs.astype(moments.phases.dtype) for signs in self._signs)
            phases = moments.phases.reshape(*moments.phases.shape[:-1], len(high), len(low))
            high = _aligned(high, phases.ndim)
            parts.append(jnp.sum(_matmul(phases, low) * high, axis=-2))
        return jnp.concatenate(parts, axis=-1)

    def _rotate(self, matrices: tuple[jax.Array, ...], state: jax.Array) -> jax.Array:
        shape, before = state.shape, 1
        for matrix in matrices:
            block = state.reshape(before, len(matrix), -1)
            if before == 1:
                state = _matmul(matrix, block[0])
            elif before <= _BROADCAST:
                matrix = jnp.broadcast_to(matrix, (before, *matrix.shape))
                state = _matmul(matrix, block)
            else:
                state = jnp.einsum("jk,pkc->pjc", matrix, block, precision="highest")
            before *= matrix.shape[-1]
        return state.reshape(shape)

    def _products(self, gradient: jax.Array, state: jax.Array) -> tuple[jax.Array, ...]:
        products, before = [], 1
        for size in self.sizes:
            first, second = (array.reshape(before, 2**size, -1) for array in (gradient, state))
            if before == 1:
                products.append(_matmul(first[0], second[0].T))
            else:
                products.append(jnp.sum(_matmul(first, jnp.swapaxes(second, 1, 2)), axis=0))
            before *= 2**size
        return tuple(products)


def _matmul(first: jax.Array, second: jax.Array) -> jax.Array:
    return jnp.matmul(first, second, precision="highest")


def _turn(state: jax.Array, cosine: jax.Array | None, sine: jax.Array | None) -> jax.Array:
    """Multiply amplitude b by cosine[b] + i sine[b]."""
    if cosine is None:
        return state
    cosine, sine = cosine[:, None], sine[:, None]
    real, imaginary = state[:, 0], state[:, 1]
    return jnp.stack([cosine * real - sine * imaginary, sine * real + cosine * imaginary], axis=1)


def _overlap(gradient: jax.Array, state: jax.Array) -> jax.Array:
    """(2**n,) derivative in a phase on each amplitude, summed over the batch."""
    terms = gradient[:, 1] * state[:, 0] - gradient[:, 0] * state[:, 1]
    # A product with ones: XLA's own sum along the contiguous axis is not vectorised on CPUs.
    return _matmul(terms, jnp.ones(terms.shape[1], terms.dtype))


def _aligned(values: np.ndarray, rank: int) -> np.ndarray:
    """Values with axes of length 1 in front, up to a rank: no rank is promoted silently."""
    return values.reshape((1,) * (rank - values.ndim) + values.shape)


def _kronecker(halves: jax.Array) -> jax.Array:
    """(..., k) half angles -> RY x ... x RY as real matrices (..., 2**k, 2**k)."""
    cosine, sine = jnp.cos(halves), jnp.sin(halves)
    states = np.arange(2 ** halves.shape[-1])
    product = jnp.ones((), halves.dtype)
    for qubit in range(halves.shape[-1]):
        bit = (states >> (halves.shape[-1] - 1 - qubit)) & 1
        # RY[i, j] is the cosine where i = j, else the sine, negative for i = 0.
        same = bit[:, None] == bit[None, :]
        sign = np.where(bit == 1, 1.0, -1.0)[:, None].astype(halves.dtype)
        off = _aligned(sign, halves.ndim + 1) * sine[..., qubit, None, None]
        product = product * jnp.where(same, cosine[..., qubit, None, None], off)
    return product


def _rotation_gradient(product: jax.Array) -> jax.Array:
    """(..., k) derivatives in the RY angles from sum_b gradient[i, b] state[j, b].

    The generator of RY is antisymmetric and couples i with i ^ bit, and the RYs of a group
    commute, so the states after the whole group serve for each of them.
    """
    size = product.shape[-1].bit_length() - 1
    select = np.zeros((size, 2**size, 2**size))
    states = np.arange(2**size)
    for qubit in range(size):
        bit = 1 << (size - 1 - qubit)
        zero = states[states & bit == 0]
        select[qubit, zero | bit, zero], select[qubit, zero, zero | bit] = 0.5, -0.5
    flat = product.reshape(*product.shape[:-2], -1)
    return _matmul(flat, select.reshape(size, -1).T.astype(product.dtype))
