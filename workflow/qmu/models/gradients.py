"""A model's outputs and gradients as functions to call, compiled once per model.

Two routes give the same numbers. Where the circuit runs inside JAX, each function is one compiled
program. Where it runs on a host device such as Lightning, a compiled program would contain
callbacks, which JAX can neither keep in its compilation cache nor run faster than plain calls. So
there the classical parts before and after the circuit are compiled by themselves, and kept for
all jobs of a run, and the device is called between them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qmu.lazy import jax, jnp
from qmu.losses import LOSSES, Loss

from .model import Model, Parameters

if TYPE_CHECKING:
    from jax import Array


@lru_cache(maxsize=8)
def outputs(model: Model) -> Callable[[Parameters, Array], tuple[Array, Array]]:
    """``f(parameters, inputs) -> (<Z> (n, wires), logits (n, classes))``."""
    if model.engine is not None:
        return segments(model).outputs

    def forward(parameters: Parameters, inputs: Array) -> tuple[Array, Array]:
        values = model.expectation_values(parameters, inputs)
        return values, model.head(parameters, values)

    return jax.jit(forward)


@lru_cache(maxsize=8)
def head_outputs(model: Model) -> Callable[[Parameters, Array], Array]:
    """``f(parameters, <Z> (n, wires)) -> logits (n, classes)``: the part after the circuit."""
    return jax.jit(model.head)


@lru_cache(maxsize=8)
def loss_and_gradient(model: Model) -> Callable[..., tuple[tuple[Array, Array], Parameters]]:
    """``f(parameters, inputs, labels) -> ((mean training loss, accuracy), gradient)``."""
    if model.engine is not None:
        return segments(model).loss_and_gradient

    def loss(parameters: Parameters, inputs: Array, labels: Array) -> tuple[Array, Array]:
        return mean_loss_and_hits(model, model.logits(parameters, inputs), labels)

    return jax.jit(jax.value_and_grad(loss, has_aux=True))


@lru_cache(maxsize=8)
def gradient_of(model: Model, loss: Loss) -> Callable[..., Parameters]:
    """``f(parameters, inputs, targets) -> gradient`` of the mean of another loss than training's.

    ``loss`` is a function of a module (one program is kept per function): logits (n, C) and targets
    (n, ...) to (n,).
    """
    mean = _one_number(loss, jnp.mean)
    if model.engine is not None:
        return segments(model).gradient_of(mean)
    return jax.jit(jax.grad(_of_model(model, mean)))


@lru_cache(maxsize=8)
def input_gradient_of(model: Model, loss: Loss) -> Callable[..., Array]:
    """``f(parameters, inputs (n, d), targets (n, ...)) -> (n, d)``: the gradient of every sample's
    loss by its inputs. ``loss`` as in `gradient_of`, and each sample's by itself."""
    total = _one_number(loss, jnp.sum)
    if model.engine is not None:
        return segments(model).input_gradient_of(total)
    return jax.jit(jax.grad(_of_model(model, total), argnums=1))


def _one_number(loss: Loss, of: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    """A loss of every sample as its mean or sum over the samples."""
    return lambda logits, targets: of(loss(logits, targets, jnp))


def _of_model(model: Model, scalar: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """``f(parameters, inputs, targets)``: the scalar of the model's logits."""

    def of(parameters: Parameters, inputs: Array, targets: Array) -> Array:
        return scalar(model.logits(parameters, inputs), targets)

    return of


@lru_cache(maxsize=8)
def squared_gradients(model: Model) -> Callable[..., Parameters]:
    """``f(parameters, inputs, labels, weights)``: weighted sum of per-sample squared gradients."""
    if model.engine is not None:
        return segments(model).squared_gradients

    def chunk(parameters: Parameters, inputs: Array, labels: Array, weights: Array) -> Parameters:
        _, gradients = _of_each(model, parameters, inputs, labels)
        return _squares(model, parameters, inputs, gradients, weights)

    return jax.jit(chunk)


@lru_cache(maxsize=8)
def clipped_gradients(model: Model) -> Callable[..., tuple[tuple[Array, Array], Parameters]]:
    """``f(parameters, inputs, labels, weights) -> ((losses (n,), right answers (n,)), sum)``.

    The weighted sum of per-sample gradients of the training loss, each cut to the norm
    ``training.private.clip`` over all parameters together. Not compiled by itself: a training
    epoch is.
    """
    if model.engine is not None:
        return segments(model).clipped_gradients

    def batch(parameters: Parameters, inputs: Array, labels: Array, weights: Array) -> Any:
        measured, gradients = _of_each(model, parameters, inputs, labels)
        return measured, _clipped(model, parameters, inputs, gradients, weights)

    return batch


def _of_each(
    model: Model, parameters: Parameters, inputs: Array, labels: Array
) -> tuple[tuple[Array, Array], Parameters]:
    """Loss, right answer and gradient (n, ...) of every sample, but for a wide dense layer's."""
    small, wide = _split_dense(model, parameters)

    def one(small: Parameters, row: Array, label: Array) -> tuple[Array, Array]:
        logits = model.logits(small | wide, row[None])
        return mean_loss_and_hits(model, logits, label[None])

    differentiated = jax.value_and_grad(one, has_aux=True)
    return jax.vmap(differentiated, in_axes=(None, 0, 0))(small, inputs, labels)


def _split_dense(model: Model, parameters: Parameters) -> tuple[Parameters, Parameters]:
    """The parameters without and with the weights of the model's wide dense layer, if it has one.

    A sample's gradient by such weights is an outer product, so that its square needs no array of
    one weight matrix per sample: see `_squares`.
    """
    wide = getattr(model.module, "DENSE", {})
    return (
        {name: value for name, value in parameters.items() if name not in wide},
        {name: value for name, value in parameters.items() if name in wide},
    )


def _squares(
    model: Model, parameters: Parameters, inputs: Array, gradients: Parameters, weights: Array
) -> Parameters:
    """Weighted sums of squares of per-sample gradients (n, ...), and of the dense layer's, which
    are inputs of the layer times the gradient by its bias."""
    sums = {name: jnp.tensordot(weights, g * g, axes=1) for name, g in gradients.items()}
    for name, bias in getattr(model.module, "DENSE", {}).items():
        rows = model.module.dense_inputs(parameters, inputs)
        sums[name] = (weights[:, None] * rows**2).T @ gradients[bias] ** 2
    return sums


def _clipped(
    model: Model, parameters: Parameters, inputs: Array, gradients: Parameters, weights: Array
) -> Parameters:
    """Weighted sums of per-sample gradients (n, ...) that are cut to the recipe's norm."""
    squares = sum(jnp.sum(g.reshape(len(g), -1) ** 2, axis=1) for g in gradients.values())
    dense = getattr(model.module, "DENSE", {})
    rows = model.module.dense_inputs(parameters, inputs) if dense else None
    for bias in dense.values():
        squares += jnp.sum(rows**2, axis=1) * jnp.sum(gradients[bias] ** 2, axis=1)
    clip = model.config.training.private.clip
    # Not clip / norm: a gradient of zero stays what it is.
    factors = weights * clip / jnp.maximum(jnp.sqrt(squares), clip)
    sums = {name: jnp.tensordot(factors, g, axes=1) for name, g in gradients.items()}
    for name, bias in dense.items():
        sums[name] = (factors[:, None] * rows).T @ gradients[bias]
    return sums


def mean_loss_and_hits(model: Model, logits: Array, labels: Array) -> tuple[Array, Array]:
    """Mean training loss and share of right answers."""
    loss = jnp.mean(LOSSES[model.config.training.loss](logits, labels, jnp))
    return loss, jnp.mean(jnp.argmax(logits, axis=-1) == labels)


@lru_cache(maxsize=8)
def segments(model: Model) -> Segments:
    """One set of compiled parts per model: outputs and gradients share the embedding's."""
    return Segments(model)


class Segments:
    """The route through a host device: embed | device | head and loss | device | back."""

    def __init__(self, model: Model) -> None:
        self.model, self.engine = model, model.engine
        self.trained = model.module.CARD.trains_embedding
        self._embed = jax.jit(lambda p, x: model.module.embed(model.config, p, x))
        self._head = head_outputs(model)
        self._tail = jax.jit(jax.value_and_grad(self._loss, argnums=(0, 1), has_aux=True))
        self._back = jax.jit(self._through_embedding)
        tails = jax.value_and_grad(self._one_loss, argnums=(0, 1), has_aux=True)
        self._tails = jax.jit(jax.vmap(tails, (None, 0, 0)))
        self._backs = jax.jit(jax.vmap(self._one_through_embedding, (None, 0, 0)))
        self._squares = jax.jit(self._summed(_squares))
        self._clipped = jax.jit(self._summed(_clipped))

    def outputs(self, parameters: Parameters, inputs: Array) -> tuple[Array, Array]:
        angles, states = self._embedded(parameters, inputs)
        values = self.engine.values(angles, states)[0]
        return values, self._head(parameters, values)

    def loss_and_gradient(self, parameters: Parameters, inputs: Array, labels: Array) -> Any:
        return self._differentiated(self._tail, parameters, inputs, labels)

    def gradient_of(self, mean: Callable[[Array, Array], Array]) -> Callable[..., Parameters]:
        tail = self._tail_of(mean)
        return lambda *arguments: self._differentiated(tail, *arguments)[1]

    def input_gradient_of(self, total: Callable[[Array, Array], Array]) -> Callable[..., Array]:
        tail, embed = self._tail_of(total), self.model.module.embed

        @jax.jit
        def back(front: Parameters, inputs: Array, ascent: Array) -> Array:
            return jax.vjp(lambda x: embed(self.model.config, front, x), inputs)[1](ascent)[0]

        def by_inputs(parameters: Parameters, inputs: Array, targets: Array) -> Array:
            angles, states = self._embedded(parameters, inputs)
            values, final = self.engine.values(angles, states)
            front, head = self._parts(parameters)
            pulls = np.asarray(tail(head, values, targets)[1][1])
            ascent = self.engine.input_gradient(angles, final, pulls).real
            return back(front, inputs, ascent)

        return by_inputs

    def _tail_of(self, scalar: Callable[[Array, Array], Array]) -> Callable[..., Any]:
        """A scalar of logits and targets, with its gradient by the head and by <Z>."""

        def of_values(head: Parameters, values: Array, targets: Array) -> Array:
            return scalar(self.model.head(head, values), targets)

        return jax.jit(jax.value_and_grad(of_values, argnums=(0, 1)))

    def _differentiated(
        self,
        tail: Callable[..., Any],
        parameters: Parameters,
        inputs: Array,
        labels: Array,
    ) -> Any:
        """What ``tail(head, <Z>, labels)`` measures, and its gradient by all parameters."""
        angles, states = self._embedded(parameters, inputs)
        values, final = self.engine.values(angles, states)
        front, head = self._parts(parameters)
        measured, (gradient, weights) = tail(head, values, labels)
        weights = np.asarray(weights)
        by_angle = self.engine.parameter_gradient(angles, states, weights)
        gradient["circuit"] = by_angle.reshape(parameters["circuit"].shape)
        if self.trained:
            ascent = self.engine.input_gradient(angles, final, weights).real
            gradient |= self._back(front, inputs, ascent)
        return measured, gradient

    def squared_gradients(
        self, parameters: Parameters, inputs: Array, labels: Array, weights: Array
    ) -> Parameters:
        _, gradients, ascent = self._of_each(parameters, inputs, labels)
        front = self._parts(parameters)[0]
        return self._squares(front, inputs, ascent, gradients, weights)

    def clipped_gradients(
        self, parameters: Parameters, inputs: Array, labels: Array, weights: Array
    ) -> tuple[tuple[Array, Array], Parameters]:
        measured, gradients, ascent = self._of_each(parameters, inputs, labels)
        front = self._parts(parameters)[0]
        return measured, self._clipped(front, inputs, ascent, gradients, weights)

    def per_sample_gradients(
        self, parameters: Parameters, inputs: Array, labels: Array
    ) -> Parameters:
        _, gradients, ascent = self._of_each(parameters, inputs, labels)
        if self.trained:
            gradients |= self._backs(self._parts(parameters)[0], inputs, ascent)
        return gradients

    def _of_each(
        self, parameters: Parameters, inputs: Array, labels: Array
    ) -> tuple[tuple[Array, Array], Parameters, Array]:
        """Every sample's loss and right answer, its gradient by the head and the circuit,
        (n, ...), and by its amplitudes."""
        angles, states = self._embedded(parameters, inputs)
        values, final = self.engine.values(angles, states)
        measured, (gradients, pulls) = self._tails(self._parts(parameters)[1], values, labels)
        pulls = np.asarray(pulls)
        # The register sums over its samples, so a gradient of one takes one call per sample.
        by_angle = [
            self.engine.parameter_gradient(angles, states[i : i + 1], pulls[i : i + 1])
            for i in range(len(states))
        ]
        shape = (len(states), *parameters["circuit"].shape)
        gradients["circuit"] = np.stack(by_angle).reshape(shape)
        return measured, gradients, self.engine.input_gradient(angles, final, pulls).real

    def _embedded(self, parameters: Parameters, inputs: Array) -> tuple[np.ndarray, np.ndarray]:
        states = np.asarray(self._embed(parameters, inputs))
        return np.asarray(parameters["circuit"]).reshape(-1), states

    def _loss(self, parameters: Parameters, values: Array, labels: Array) -> Any:
        logits = self.model.head(parameters, values)
        return mean_loss_and_hits(self.model, logits, labels)

    def _one_loss(self, parameters: Parameters, values: Array, label: Array) -> Any:
        return self._loss(parameters, values[None], label[None])

    def _parts(self, parameters: Parameters) -> tuple[Parameters, Parameters]:
        """The parameters before and after the circuit, so that neither derivative writes zeros
        for the other."""
        head = {name: p for name, p in parameters.items() if name.startswith("head/")}
        return {n: p for n, p in parameters.items() if n not in head and n != "circuit"}, head

    def _through_embedding(
        self, front: Parameters, inputs: Array, ascent: Array, fixed: Parameters | None = None
    ) -> Parameters:
        """What the gradient ``ascent`` by the amplitudes says of the parameters before them, but
        for those that are ``fixed``."""
        embed, config = self.model.module.embed, self.model.config
        _, pull = jax.vjp(lambda p: embed(config, p | (fixed or {}), inputs), front)
        return pull(ascent)[0]

    def _one_through_embedding(self, front: Parameters, row: Array, ascent: Array) -> Parameters:
        return self._through_embedding(front, row[None], ascent[None])

    def _summed(self, total: Callable[..., Parameters]) -> Callable[..., Parameters]:
        """What ``total`` (`_squares`, `_clipped`) makes of every sample's whole gradient."""

        def summed(
            front: Parameters, inputs: Array, ascent: Array, gradients: Parameters, weights: Array
        ) -> Parameters:
            small, wide = _split_dense(self.model, front)

            def one(row: Array, direction: Array) -> Parameters:
                return self._through_embedding(small, row[None], direction[None], wide)

            each = gradients | (jax.vmap(one)(inputs, ascent) if self.trained else {})
            return total(self.model, front, inputs, each, weights)

        return summed
