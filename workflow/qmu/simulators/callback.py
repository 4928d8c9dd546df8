"""A host simulator as a JAX function: callbacks with a hand-written reverse-mode derivative.

The two gradients are callbacks of their own, so that under ``jax.jit`` the one that nobody asked
for is never computed. Under ``jax.vmap`` samples of models with the same parameters are merged
into one batch and different models run one after another. The callbacks use NumPy only: calling
JAX inside them can deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

# Dispatched asynchronously, a compiled program holds the thread on which JAX makes the callback's
# own arrays: where there is one thread, both wait for ever (github.com/jax-ml/jax, issue 24255).
# JAX reads this when it makes its first array.
jax.config.update("jax_cpu_enable_async_dispatch", False)


class HostEngine(Protocol):
    """What a simulator on the host offers; arrays are NumPy arrays.

    ``residual`` is whatever ``values`` returns second: one array with the batch in front. Every
    array that crosses into a callback costs some 30 microseconds, so each method gets few.
    """

    def residual(self, batch: int) -> tuple[tuple[int, ...], Any]:
        """Shape and dtype of the residual for a batch."""

    def values(self, parameters, inputs): ...

    def parameter_gradient(self, parameters, inputs, weights): ...

    def input_gradient(self, parameters, residual, weights): ...


def traceable(engine: HostEngine, outputs: int, real: Any) -> Callable[[Any, Any], Any]:
    """``f(parameters (P,), inputs (B, D)) -> (B, outputs)`` of dtype ``real``, differentiable.

    ``parameters`` and ``inputs`` must have the engine's precision already.
    """

    def call(method: Callable[..., Any], shapes: Any, *arrays: Any) -> Any:
        merge = method.__name__ != "parameter_gradient"
        host = _over_models(method, merge)
        return jax.pure_callback(host, shapes, *arrays, vmap_method="expand_dims")

    def forward(parameters: Any, inputs: Any) -> tuple[Any, Any]:
        batch = inputs.shape[0]
        shapes = (
            jax.ShapeDtypeStruct((batch, outputs), real),
            jax.ShapeDtypeStruct(*engine.residual(batch)),
        )
        return call(engine.values, shapes, parameters, inputs)

    @jax.custom_vjp
    def function(parameters: Any, inputs: Any) -> Any:
        return forward(parameters, inputs)[0]

    def keep(parameters: Any, inputs: Any) -> tuple[Any, Any]:
        values, residual = forward(parameters, inputs)
        return values, (parameters, inputs, residual)

    def backward(saved: tuple[Any, Any, Any], weights: Any) -> tuple[Any, Any]:
        parameters, inputs, residual = saved
        by_parameter = jax.ShapeDtypeStruct(parameters.shape, parameters.dtype)
        by_input = jax.ShapeDtypeStruct(inputs.shape, residual.dtype)
        ascent = call(engine.input_gradient, by_input, parameters, residual, weights)
        return (
            call(engine.parameter_gradient, by_parameter, parameters, inputs, weights),
            ascent.conj() if jnp.iscomplexobj(inputs) else ascent.real,
        )

    function.defvjp(keep, backward)
    function.engine = engine
    return function


def _over_models(method: Callable[..., Any], merge: bool) -> Callable[..., Any]:
    """The method for parameters (..., P) and the other arrays (..., B, :)."""

    def host(*arrays: Any) -> Any:
        parameters, *batches = (np.asarray(array) for array in arrays)
        leading = [parameters.shape[:-1], *(batch.shape[:-2] for batch in batches)]
        models = np.broadcast_shapes(*leading)
        if not models:
            return method(parameters, *batches)
        batches = [np.broadcast_to(x, models + x.shape[-2:]) for x in batches]
        if merge and parameters.size == parameters.shape[-1]:
            joined = method(parameters.reshape(-1), *(x.reshape(-1, x.shape[-1]) for x in batches))
            return _each(lambda x: x.reshape(*models, -1, x.shape[-1]), joined)
        parameters = np.broadcast_to(parameters, models + parameters.shape[-1:])
        rows = [
            method(parameters[model], *(x[model] for x in batches)) for model in np.ndindex(models)
        ]
        stacked = tuple(map(np.stack, zip(*rows, strict=True))) if _many(rows) else np.stack(rows)
        return _each(lambda x: x.reshape(models + x.shape[1:]), stacked)

    return host


def _many(rows: list[Any]) -> bool:
    return isinstance(rows[0], tuple)


def _each(change: Callable[[Any], Any], result: Any) -> Any:
    return tuple(map(change, result)) if isinstance(result, tuple) else change(result)


def checked(function: Callable[[Any, Any], Any], size: int, real: Any) -> Callable[[Any, Any], Any]:
    """Cast parameters and inputs to the precision, and refuse inputs of another length."""
    complex_ = np.result_type(real, np.complex64)

    def call(parameters: Any, inputs: Any) -> Any:
        inputs = jnp.asarray(inputs)
        if inputs.ndim != 2 or inputs.shape[1] != size:
            raise ValueError(f"inputs must have shape (batch, {size}), got {inputs.shape}")
        dtype = complex_ if jnp.iscomplexobj(inputs) else real
        return function(jnp.asarray(parameters, real), inputs.astype(dtype))

    return call
