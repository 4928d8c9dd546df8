"""All layers of a fused program, with the adjoint derivative written out.

Adjoint differentiation (Jones and Gacon 2020, arXiv:2009.02823) in the form that suits matrix
products: the states between layers are kept, and every group of rotations gets its derivatives
from one product of the gradient with the state after the layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .layers import Layers
from .tables import Tables

UNROLLED = 6
_AT_ONCE = 2**22


def evolution(tables: Tables) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """``f(angles (L, n + K), state (2**n, 2, B)) -> state`` after all layers.

    Differentiable in reverse mode, and forward or reverse again over that; not in forward mode
    alone.
    """
    layers = Layers(tables)
    run = _Run(tables, layers)

    @jax.custom_vjp
    def evolve(angles: jax.Array, state: jax.Array) -> jax.Array:
        return run.forward(angles, state)[0]

    evolve.defvjp(run.forward, run.backward)
    return evolve


class _Run:
    """The loop over layers, unrolled for a few of them and a scan for many."""

    def __init__(self, tables: Tables, layers: Layers) -> None:
        self.layers = layers
        self.count = tables.layers
        self.first = _with_inverse(tables.sources[0])
        later = tables.sources[1:]
        self.later = [_with_inverse(source) for source in later]
        # One table for all later layers where they agree, else one row of a stack for each.
        self.shared = all(source is later[0] for source in later)
        self.at_once = self.count * 2**tables.wires <= _AT_ONCE

    def _prepared(self, angles: jax.Array) -> Any:
        return self.layers.factors(angles) if self.at_once else angles

    def _factors(self, prepared: Any) -> Any:
        return prepared if self.at_once else self.layers.factors(prepared)

    def _gradient(self, moments: Any) -> Any:
        return moments if self.at_once else self.layers.angle_gradient(moments)

    def _collected(self, moments: Any) -> jax.Array:
        return self.layers.angle_gradient(moments) if self.at_once else moments

    def _stacked_permutations(self) -> Any:
        if self.shared:
            return None
        identity = np.arange(2**self.layers.wires, dtype=np.int32)
        pairs = [(identity, identity) if pair[0] is None else pair for pair in self.later]
        return tuple(np.stack(side) for side in zip(*pairs, strict=True))

    def forward(self, angles: jax.Array, state: jax.Array) -> tuple[jax.Array, Any]:
        prepared = self._prepared(angles)
        first, rest = _at(prepared, 0), _at(prepared, slice(1, None))
        after = self.layers.forward(self._factors(first), self.first[0], state)
        if self.count <= UNROLLED:
            states = [state]
            for number, (source, _) in enumerate(self.later):
                states.append(after)
                after = self.layers.forward(self._factors(_at(rest, number)), source, after)
            return after, (prepared, states, after)

        def body(before: jax.Array, x: Any) -> tuple[jax.Array, jax.Array]:
            row, permutation = x
            source = self.later[0][0] if permutation is None else permutation[0]
            return self.layers.forward(self._factors(row), source, before), before

        after, states = jax.lax.scan(body, after, (rest, self._stacked_permutations()))
        return after, (prepared, (state, states), after)

    def backward(self, residuals: Any, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
        prepared, states, after = residuals
        if self.count <= UNROLLED:
            moments = []
            for number in reversed(range(self.count)):
                pair = self.later[number - 1] if number else self.first
                gradient, moment = self._step(
                    _at(prepared, number), pair, states[number], after, gradient
                )
                moments.append(moment)
                after = states[number]
            collected = jax.tree.map(lambda *rows: jnp.stack(rows[::-1]), *moments)
            return self._collected(collected), gradient

        def body(carry: Any, x: Any) -> tuple[Any, Any]:
            gradient, after = carry
            row, before, permutation = x
            pair = self.later[0] if permutation is None else permutation
            gradient, moment = self._step(row, pair, before, after, gradient)
            return (gradient, before), moment

        (gradient, after), moments = jax.lax.scan(
            body,
            (gradient, after),
            (_at(prepared, slice(1, None)), states[1], self._stacked_permutations()),
            reverse=True,
        )
        gradient, first = self._step(_at(prepared, 0), self.first, states[0], after, gradient)
        collected = jax.tree.map(
            lambda one, rows: jnp.concatenate([one[None], rows]), first, moments
        )
        return self._collected(collected), gradient

    def _step(self, row: Any, pair: Any, before: Any, after: Any, gradient: Any) -> Any:
        gradient, moment = self.layers.backward(self._factors(row), *pair, before, after, gradient)
        return gradient, self._gradient(moment)


def _with_inverse(source: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray | None]:
    if source is None:
        return None, None
    return source, np.argsort(source).astype(np.int32)


def _at(tree: Any, index: Any) -> Any:
    return jax.tree.map(lambda array: array[index], tree)
