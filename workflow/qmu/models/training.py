"""The training loop: one compiled epoch, for a single model or for many side by side.

An epoch is a loop over minibatches of a fresh permutation of the members. A fleet is the same
epoch over many models: each has its own parameters, members and random stream, all read one pool.
Images are gathered on the device. The table of positions comes from a named NumPy stream and the
number of steps is an argument of the program, so that one compilation serves every seed, the
target and the retrained models, though their members are not equally many.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qmu import seeds
from qmu.errors import QmuError
from qmu.lazy import jax, jnp, optax

from .gradients import loss_and_gradient, mean_loss_and_hits
from .model import Model, Parameters
from .recipe import Training

if TYPE_CHECKING:
    from jax import Array

Progress = Callable[[str], None]
Names = tuple[str | int, ...]

# The table of minibatches is padded to a multiple of this: one program for similar numbers.
STEPS = 32


def optimizer(training: Training) -> Any:
    """The optax transformation that a recipe names."""
    if training.optimizer == "adam":
        return optax.adam(training.learning_rate)
    nesterov = training.optimizer == "nesterov"
    return optax.sgd(training.learning_rate, momentum=training.momentum, nesterov=nesterov)


def steps_per_epoch(training: Training, members: int) -> int:
    """Whole minibatches in one pass over the members."""
    return members // training.batch_size


def minibatches(training: Training, rng: np.random.Generator, members: np.ndarray) -> np.ndarray:
    """One epoch's fresh permutation of the members, (steps, batch_size)."""
    steps = steps_per_epoch(training, len(members))
    order = rng.permutation(members)[: steps * training.batch_size]
    return order.reshape(steps, training.batch_size)


def epoch_function(model: Model) -> Callable[..., Any]:
    """``epoch(state, order, steps, inputs, labels) -> (state, (loss, accuracy, sound))``.

    ``state`` is (parameters, optimiser state) of one model; ``order`` (at least ``steps``,
    batch_size) are positions in ``inputs``. Loss and accuracy are means over the epoch's
    minibatches, before each update; ``sound`` counts the steps before the first whose loss is not
    a number.
    """
    training = model.config.training
    transform = optimizer(training)

    def loss_and_hits(parameters: Parameters, inputs: Array, labels: Array) -> Any:
        return mean_loss_and_hits(model, model.logits(parameters, inputs), labels)

    def epoch(state: Any, order: Array, steps: Array, inputs: Array, labels: Array) -> Any:
        def step(number: Array, carry: Any) -> Any:
            (parameters, moments), loss, hits, sound = carry
            batch = order[number]
            (found, right), gradient = jax.value_and_grad(loss_and_hits, has_aux=True)(
                parameters, inputs[batch], labels[batch]
            )
            updates, moments = transform.update(gradient, moments, parameters)
            state = (optax.apply_updates(parameters, updates), moments)
            sound = jnp.where(jnp.isfinite(found), sound, jnp.minimum(sound, number))
            return state, loss + found, hits + right, sound

        zero = jnp.zeros((), model.dtype)
        carry = (state, zero, zero, jnp.asarray(steps, jnp.int32))
        state, loss, hits, sound = jax.lax.fori_loop(0, steps, step, carry)
        return state, (loss / steps, hits / steps, sound)

    return epoch


@lru_cache(maxsize=8)
def _compiled_epoch(model: Model, fleet: bool) -> Callable[..., Any]:
    """One program per model, also for several fleets one after the other."""
    if model.engine is not None and not fleet:
        return _epoch_on_host(model)
    epoch = epoch_function(model)
    return jax.jit(_over_models(epoch) if fleet else epoch, donate_argnums=0)


def _epoch_on_host(model: Model) -> Callable[..., Any]:
    """The same epoch as a loop over steps that calls the device directly (see `gradients`)."""
    transform, gradient_of = optimizer(model.config.training), loss_and_gradient(model)

    def update(state: Any, gradient: Parameters) -> Any:
        updates, moments = transform.update(gradient, state[1], state[0])
        return optax.apply_updates(state[0], updates), moments

    updated = jax.jit(update, donate_argnums=0)

    def epoch(state: Any, order: np.ndarray, steps: int, inputs: Any, labels: Any) -> Any:
        measured = []
        for batch in order[:steps]:
            found, gradient = gradient_of(state[0], inputs[batch], labels[batch])
            state = updated(state, gradient)
            measured.append(found)
        measured = np.array(measured, np.float64)
        bad = np.flatnonzero(~np.isfinite(measured[:, 0]))
        return state, (*measured.mean(axis=0), bad[0] if len(bad) else steps)

    return epoch


def _over_models(epoch: Callable[..., Any]) -> Callable[..., Any]:
    """The epoch for a fleet, in one program.

    On a CPU one model after another: its parameters and states stay in the cache, and small batched
    products gain nothing (measured: 0.6 of the time of one model alone, under vmap 0.9). It also
    makes a model's bits independent of its fleet. An accelerator needs the width of vmap.
    """
    if jax.default_backend() != "cpu":
        return jax.vmap(epoch, in_axes=(0, 0, 0, None, None))

    def one_by_one(state: Any, orders: Array, steps: Array, inputs: Array, labels: Array) -> Any:
        return jax.lax.map(lambda one: epoch(*one, inputs, labels), (state, orders, steps))

    return one_by_one


def train(
    model: Model,
    parameters: Parameters,
    inputs: np.ndarray,
    labels: np.ndarray,
    members: np.ndarray | list[np.ndarray],
    names: Names | list[Names],
    report: Progress,
) -> tuple[Parameters, dict[str, np.ndarray]]:
    """Train one model, or a fleet when ``members`` is a list, by the model's own recipe.

    ``inputs`` (N, d) and ``labels`` (N,) are the pool, ``members`` positions in it. ``names`` is
    the path of names under which minibatches are drawn. A fleet has one of either, and of the
    parameters along a first axis, per model; its models may have unequally many members. Returns
    the final parameters and the history: ``epoch`` (E,), ``loss`` and ``accuracy`` (E,) or
    (E, models). Raises QmuError naming step, epoch and learning rate when the loss is no longer a
    number.
    """
    training, fleet = model.config.training, isinstance(members, list)
    start, run = optimizer(training).init, _compiled_epoch(model, fleet)
    if fleet:
        start = jax.vmap(start)
    state = (jax.tree.map(jnp.array, parameters), jax.jit(start)(parameters))
    if model.engine is None:
        inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    rows = []
    for number in range(1, training.epochs + 1):
        order, steps = _orders(training, members, names, number)
        state, measured = run(state, order, steps, inputs, labels)
        loss, accuracy, sound = (np.asarray(value, np.float64) for value in measured)
        if np.any(sound < steps):
            raise QmuError(
                f"training: the loss is not a number at step {int(sound.min()) + 1} of epoch "
                f"{number} (learning_rate {training.learning_rate}); lower "
                "models.*.training.learning_rate"
            )
        rows.append((loss, accuracy))
        report(
            f"epoch {number}/{training.epochs}: loss {loss.mean():.4f}, "
            f"training accuracy {accuracy.mean():.3f}"
        )
    history = {
        "epoch": np.arange(1, training.epochs + 1),
        "loss": np.stack([row[0] for row in rows]),
        "accuracy": np.stack([row[1] for row in rows]),
    }
    return state[0], history


def _orders(
    training: Training,
    members: np.ndarray | list[np.ndarray],
    names: Names | list[Names],
    epoch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Minibatches of one epoch, (padded steps, batch_size), and how many of them count; with a
    first axis for the models of a fleet."""
    fleet = isinstance(members, list)
    rows = zip(members, names, strict=True) if fleet else [(members, names)]
    found = [
        minibatches(training, seeds.generator(*path, "epoch", epoch), one) for one, path in rows
    ]
    steps = np.array([len(order) for order in found], np.int32)
    length = -(-steps.max() // STEPS) * STEPS
    orders = np.zeros((len(found), length, training.batch_size), np.int32)
    for padded, order in zip(orders, found, strict=True):
        padded[: len(order)] = order
    return (orders, steps) if fleet else (orders[0], steps[0])
