"""A PennyLane node at the speed of the batched engines: `from_qnode`.

    values = from_qnode(node)           # node(inputs, weights) measures K expectation values
    values(inputs, weights)             # inputs (B, d) -> (B, K), a JAX function

PennyLane: Bergholm et al. 2018 (arXiv:1811.04968).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import jax
import jax.numpy as jnp

from qmu.circuits.tracing import Function, Translation, Untranslatable, arguments, translate

from .choose import expectation_function


def from_qnode(
    node: Any,
    *,
    device: str = "default.qubit",
    precision: Literal["single", "double"] | None = None,
) -> Callable[..., jax.Array]:
    """``f(inputs (B, d), *weights) -> (B, K)``: what a ``qml.QNode`` or a quantum function of one
    row of inputs and of arrays of weights measures, for a batch of rows.

    The node is translated once for all arguments of the same shapes. ``f`` may be jitted, vmapped
    and differentiated in reverse mode in all arguments. A node that has no circuit of fixed gates
    runs on PennyLane's own ``default.qubit``, and one warning says why. ``precision`` follows JAX's
    64-bit mode unless it is given. Raises QmuError for a node that PennyLane cannot execute or that
    does not compute with JAX arrays.
    """
    name, weights = arguments(node)

    def values(inputs: Any, *given: Any, **named: Any) -> jax.Array:
        arrays = [*given, *(named[weight] for weight in weights[len(given) :])]
        arrays = [jnp.asarray(array) for array in arrays]
        inputs = jnp.asarray(inputs)
        shapes = tuple((w, a.shape) for w, a in zip(weights, arrays, strict=True))
        wanted = precision or ("double" if jax.config.jax_enable_x64 else "single")
        run = _batched(node, name, shapes, inputs.shape[-1], device, wanted)
        return run(jnp.concatenate([jnp.ravel(array) for array in arrays]), inputs)

    return values


@lru_cache(maxsize=64)
def _batched(
    node: Any,
    inputs: str,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    width: int,
    device: str,
    precision: str,
) -> Callable[[Any, Any], Any]:
    function = Function(node, inputs, dict(shapes), width)
    try:
        # Whoever calls may be tracing; the translation looks at numbers.
        with jax.ensure_compile_time_eval():
            translation = translate(function)
    except Untranslatable as reason:
        warnings.warn(f"runs on default.qubit, for {reason}", stacklevel=3)
        return native(function)
    return translated(translation, device, precision)


def translated(
    translation: Translation, device: str, precision: str
) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """``f(theta (P,), inputs (B, width)) -> (B, K)`` on an engine."""
    run = expectation_function(translation.circuit, device=device, precision=precision)

    def values(theta: jax.Array, inputs: jax.Array) -> jax.Array:
        taken = inputs
        if translation.embed is not None:
            taken = jax.vmap(translation.embed, (None, 0))(theta, inputs)
        return run(theta[translation.trained], taken)

    return values


def native(function: Function) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """``f(theta (P,), inputs (B, width)) -> (B, K)`` on PennyLane's ``default.qubit``, row by row
    of one vectorised program."""
    node = function.native("jax", diff_method="backprop")

    def one(theta: jax.Array, row: jax.Array) -> jax.Array:
        return jnp.ravel(jnp.asarray(node(**function.arguments(theta, row))))

    return jax.vmap(one, (None, 0))
