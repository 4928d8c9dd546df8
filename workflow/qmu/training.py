"""The training loop: one compiled epoch, for a single model or for many side by side.

An epoch is a scan over minibatches of a fresh permutation of the members. A fleet is the same
epoch over many models: each has its own parameters, members and random key, all read one pool.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import QmuError
from .lazy import jax, jnp, optax
from .model import Model, Parameters
from .training_config import Training

if TYPE_CHECKING:
    from jax import Array

Progress = Callable[[str], None]


def optimizer(training: Training) -> Any:
    """The optax transformation that a recipe names."""
    if training.optimizer == "adam":
        return optax.adam(training.learning_rate)
    nesterov = training.optimizer == "nesterov"
    return optax.sgd(training.learning_rate, momentum=training.momentum, nesterov=nesterov)


def steps_per_epoch(training: Training, members: int) -> int:
    """Whole minibatches in one pass over the members."""
    return members // training.batch_size


def epoch_function(model: Model) -> Callable[..., Any]:
    """``epoch(state, key, inputs, labels, members) -> (state, (loss, accuracy))`` for one model.

    ``state`` is (parameters, optimiser state); ``members`` (n,) are positions in ``inputs``. Loss
    and accuracy are means over the epoch's minibatches, before each update.
    """
    training = model.config.training
    transform = optimizer(training)

    def loss_and_hits(parameters: Parameters, inputs: Array, labels: Array) -> Any:
        from .losses import LOSSES

        logits = model.logits(parameters, inputs)
        loss = jnp.mean(LOSSES[training.loss](logits, labels, jnp))
        return loss, jnp.mean(jnp.argmax(logits, axis=-1) == labels)

    def epoch(state: Any, key: Array, inputs: Array, labels: Array, members: Array) -> Any:
        steps = steps_per_epoch(training, members.shape[0])
        order = jax.random.permutation(key, members)[: steps * training.batch_size]

        def step(state: Any, batch: Array) -> Any:
            parameters, moments = state
            (loss, hits), gradient = jax.value_and_grad(loss_and_hits, has_aux=True)(
                parameters, inputs[batch], labels[batch]
            )
            updates, moments = transform.update(gradient, moments, parameters)
            return (optax.apply_updates(parameters, updates), moments), (loss, hits)

        state, (loss, hits) = jax.lax.scan(step, state, order.reshape(steps, -1))
        return state, (jnp.mean(loss), jnp.mean(hits))

    return epoch


@lru_cache(maxsize=8)
def _compiled_epoch(model: Model, fleet: bool) -> Callable[..., Any]:
    """One program per model, also for several fleets one after the other."""
    epoch = epoch_function(model)
    return jax.jit(_over_models(epoch) if fleet else epoch, donate_argnums=0)


def _over_models(epoch: Callable[..., Any]) -> Callable[..., Any]:
    """The epoch for a fleet, in one program.

    On a CPU one model after another: its parameters and states stay in the cache, and small batched
    products gain nothing (measured: 0.6 of the time of one model alone, under vmap 0.9). It also
    makes a model's bits independent of its fleet. An accelerator needs the width of vmap.
    """
    if jax.default_backend() != "cpu":
        return jax.vmap(epoch, in_axes=(0, 0, None, None, 0))

    def one_by_one(state: Any, keys: Array, inputs: Array, labels: Array, members: Array) -> Any:
        def run(model: Any) -> Any:
            state, key, chosen = model
            return epoch(state, key, inputs, labels, chosen)

        return jax.lax.map(run, (state, keys, members))

    return one_by_one


def train(
    model: Model,
    parameters: Parameters,
    inputs: Array,
    labels: Array,
    members: np.ndarray,
    keys: Callable[[int], Array],
    report: Progress,
) -> tuple[Parameters, dict[str, np.ndarray]]:
    """Train one model, or a fleet when ``members`` is (models, n), by the model's own recipe.

    ``keys(epoch)`` gives the epoch's random key, or one per model of a fleet. Returns the final
    parameters and the history: ``epoch`` (E,), ``loss`` and ``accuracy`` (E,) or (E, models).
    Raises QmuError naming epoch and learning rate when the loss is no longer a number.
    """
    training = model.config.training
    start, run = optimizer(training).init, _compiled_epoch(model, members.ndim == 2)
    if members.ndim == 2:
        start = jax.vmap(start)
    state = (jax.tree.map(jnp.array, parameters), start(parameters))
    labels, members = jnp.asarray(labels), jnp.asarray(members)
    rows = []
    for number in range(1, training.epochs + 1):
        state, measured = run(state, keys(number), inputs, labels, members)
        loss, accuracy = (np.asarray(value, np.float64) for value in measured)
        if not np.all(np.isfinite(loss)):
            raise QmuError(
                f"training: the loss is not a number in epoch {number} "
                f"(learning_rate {training.learning_rate}); lower models.*.training.learning_rate"
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
