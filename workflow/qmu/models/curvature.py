"""Gradients sample by sample, and products with the Hessian and the Fisher matrix of a model.

A product needs no matrix: forward over reverse differentiation gives Hv at the cost of a few
gradients (Pearlmutter 1994, Neural Computation 6(1), 147). The Fisher matrix is the empirical
one, the mean of g g' over the samples' loss gradients g (Kunstner, Balles and Hennig 2019,
arXiv:1905.12558, on what it is not). `conjugate_gradients` solves with such products
(Hestenes and Stiefel 1952, J. Res. NBS 49, 409).

A host device offers exact gradients and no second derivative. Per-sample gradients come from it,
one call each. Products are taken on the same circuit inside JAX, whose expectation values are the
same to 1e-10 in double precision: a difference of the device's gradients would be dearer and keep
some ten digits at best.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from qmu.lazy import jax, jnp
from qmu.simulators.memory import DEFAULT_MEMORY, predicted_bytes

from .gradients import segments
from .model import Model, Parameters

if TYPE_CHECKING:
    from jax import Array

# Samples that are differentiated at once, as long as `DEFAULT_MEMORY` holds them.
ROWS = 32

Piece = tuple[np.ndarray, np.ndarray, np.ndarray]
Product = Callable[[Parameters, "Array", "Array", Parameters], Parameters]


@lru_cache(maxsize=8)
def per_sample_gradients(model: Model) -> Callable[..., Parameters]:
    """``f(parameters, inputs (n, d), labels (n,)) -> {name: (n, ...)}``: every sample's gradient of
    the training loss, in the model's precision.

    All are held at once: 32 samples of a model with 251,000 parameters are 64 MB in double.
    """
    if model.engine is not None:
        program = segments(model).per_sample_gradients
    else:

        def one(parameters: Parameters, row: Array, label: Array) -> Array:
            return model.mean_loss(parameters, row[None], label[None])

        program = jax.jit(jax.vmap(jax.grad(one), (None, 0, 0)))

    def gradients(parameters: Parameters, inputs: Array, labels: Array) -> Parameters:
        parts = {name: [np.zeros((0, *np.shape(p)), model.dtype)] for name, p in parameters.items()}
        rows = max(1, min(len(labels), ROWS))
        for part, targets, _ in pieces(inputs, labels, rows, model.dtype):
            for name, gradient in program(parameters, part, targets).items():
                parts[name].append(np.asarray(gradient))
        return {name: np.concatenate(part)[: len(labels)] for name, part in parts.items()}

    return gradients


@lru_cache(maxsize=8)
def hessian_product(model: Model) -> Product:
    """``f(parameters, inputs (n, d), labels (n,), vector) -> Hv``: the Hessian of the mean training
    loss times a vector, both with the names and shapes of the parameters, in the model's precision.
    """
    twin = inside_jax(model)

    def program(
        parameters: Parameters, vector: Parameters, inputs: Array, labels: Array, weights: Array
    ) -> Parameters:
        def loss(parameters: Parameters) -> Array:
            return weights @ twin.losses(parameters, inputs, labels)

        return jax.jvp(jax.grad(loss), (parameters,), (vector,))[1]

    return _mean_of_pieces(model, program)


@lru_cache(maxsize=8)
def fisher_product(model: Model) -> Product:
    """``f(parameters, inputs (n, d), labels (n,), vector) -> G'Gv / n`` with the samples' gradients
    of the training loss as rows of G, which is never formed."""
    twin = inside_jax(model)

    def program(
        parameters: Parameters, vector: Parameters, inputs: Array, labels: Array, weights: Array
    ) -> Parameters:
        def losses(parameters: Parameters) -> Array:
            return twin.losses(parameters, inputs, labels)

        _, pull = jax.vjp(losses, parameters)

        def along(samples: Array) -> Array:
            (gradient,) = pull(samples)
            return sum(jnp.vdot(gradient[name], vector[name]) for name in vector)

        # Gv is the derivative of s -> (G's).v: the engine knows no forward mode by itself.
        slopes = jax.grad(along)(jnp.zeros_like(weights))
        return pull(weights * slopes)[0]

    return _mean_of_pieces(model, program)


@lru_cache(maxsize=8)
def inside_jax(model: Model) -> Model:
    """The model on an engine inside JAX, where second derivatives exist; itself if it is on one."""
    if model.engine is None:
        return model
    from qmu.simulators.choose import expectation_function

    expectation = expectation_function(
        model.circuit, device="default.qubit", precision=_precision(model)
    )
    return dataclasses.replace(model, expectation=expectation)


def pieces(inputs: Array, labels: Array, rows: int, dtype: type) -> Iterator[Piece]:
    """``(inputs, labels, weights)`` of ``rows`` samples each, so that one program serves all; the
    last is filled up with copies of its first sample, of weight 0 where samples have weight 1."""
    for start in range(0, len(labels), rows):
        part, targets = inputs[start : start + rows], labels[start : start + rows]
        missing = rows - len(targets)
        weights = np.array([1.0] * len(targets) + [0.0] * missing, dtype)
        part = np.concatenate([part, np.repeat(part[:1], missing, axis=0)])
        yield part, np.concatenate([targets, np.repeat(targets[:1], missing, axis=0)]), weights


def conjugate_gradients(
    product: Callable[[Parameters], Parameters],
    target: Parameters,
    *,
    iterations: int,
    tolerance: float = 1e-6,
) -> Parameters:
    """x with A x = ``target`` for a symmetric positive definite A, given as ``product(x) = A x``.

    Stops after ``iterations`` products, at a residual below ``tolerance`` times the target's norm,
    or at a direction of no positive curvature, where A is not definite: a method that solves with
    a Hessian adds a damping to its product.
    """
    x = {name: np.zeros(np.shape(value)) for name, value in target.items()}
    residual = {name: np.asarray(value, np.float64) for name, value in target.items()}
    along, square = residual, inner(residual, residual)
    goal = tolerance**2 * square
    for _ in range(iterations):
        if square <= goal:
            break
        image = {name: np.asarray(v, np.float64) for name, v in product(along).items()}
        curvature = inner(along, image)
        if curvature <= 0:
            break
        length = square / curvature
        x = {name: x[name] + length * along[name] for name in x}
        residual = {name: residual[name] - length * image[name] for name in x}
        square, before = inner(residual, residual), square
        along = {name: residual[name] + square / before * along[name] for name in x}
    return x


def inner(a: Parameters, b: Parameters) -> float:
    """The inner product of two sets of parameters."""
    return float(sum(np.vdot(np.asarray(a[name]), np.asarray(b[name])) for name in a))


def _mean_of_pieces(model: Model, program: Callable[..., Parameters]) -> Product:
    """The mean over all samples of what a program sums over a piece's, in float64."""
    program, most = jax.jit(program), _most_rows(model)

    def product(
        parameters: Parameters, inputs: Array, labels: Array, vector: Parameters
    ) -> Parameters:
        if vector.keys() != parameters.keys():
            raise ValueError("a vector has an array for every parameter and no other")
        vector = model.convert(vector)
        total = {name: np.zeros(np.shape(value)) for name, value in parameters.items()}
        for piece in pieces(inputs, labels, min(len(labels), most), model.dtype):
            part = program(parameters, vector, *piece)
            total = {name: total[name] + np.asarray(part[name], np.float64) for name in total}
        return model.convert({name: value / len(labels) for name, value in total.items()})

    return product


def _most_rows(model: Model) -> int:
    """Samples of one piece; a second derivative holds about two gradients' states."""
    if model.circuit is None:
        return ROWS
    one = predicted_bytes(
        model.wires,
        1,
        device="default.qubit",
        precision=_precision(model),
        layers=getattr(model.config, "layers", 1),
    )
    return max(1, min(ROWS, DEFAULT_MEMORY // (2 * one)))


def _precision(model: Model) -> str:
    return "double" if np.dtype(model.dtype) == np.float64 else "single"
