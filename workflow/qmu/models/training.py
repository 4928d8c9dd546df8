"""The training loop: one compiled epoch, for a single model or for many side by side.

An epoch is a loop over minibatches of a fresh permutation of the members. A fleet is the same
epoch over many models: each has its own parameters, members and random stream, all read one pool.
Rows are gathered on the device. The table of positions comes from a named NumPy stream and the
number of steps is an argument of the program, so that one compilation serves every seed, the
target, the retrained models and fleets, though their members are not equally many.

With `training.federated` an epoch is a round of federated averaging over clients.
With `training.private` (DP-SGD) a step takes every member by a coin of its own. Rows of a batch
that fill it up to a common length are ``~position``, a negative number: they weigh nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from qmu import seeds
from qmu.errors import QmuError
from qmu.lazy import jax, jnp, optax
from qmu.losses import LOSSES
from qmu.metrics import accounting

from . import federation
from .gradients import clipped_gradients, loss_and_gradient
from .model import Model, Parameters
from .outputs import evaluate
from .recipe import Training

if TYPE_CHECKING:
    from jax import Array

Progress = Callable[[str], None]
Names = tuple[str | int, ...]

# The table of minibatches is padded to a multiple of this: one program for similar numbers.
STEPS = 32


class Descent(Protocol):
    """What `optimizer` reads of a recipe, or of an unlearning method's settings."""

    optimizer: str
    learning_rate: float
    momentum: float


def optimizer(descent: Descent) -> Any:
    """The optax transformation that a recipe names."""
    if descent.optimizer == "adam":
        return optax.adam(descent.learning_rate)
    nesterov = descent.optimizer == "nesterov"
    return optax.sgd(descent.learning_rate, momentum=descent.momentum, nesterov=nesterov)


def rate(training: Training, epoch: int) -> float:
    """The share of the learning rate that epoch 1, 2, ... takes: all of it, or half a cosine's
    descent, taken in the middle of the epoch."""
    if training.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (epoch - 0.5) / training.epochs))


def steps_per_epoch(training: Training, members: int) -> int:
    """Whole minibatches in one pass over the members."""
    return members // training.batch_size


def gradient_evaluations(training: Training, members: Sequence[int]) -> int:
    """Gradients of single samples that a whole training takes, on so many ``members`` of each
    client (of one, where there is no federation)."""
    federated = training.federated
    passes = training.epochs * (1 if federated is None else federated.local_epochs)
    steps = sum(steps_per_epoch(training, count) for count in members)
    return steps * passes * training.batch_size


def evaluations(
    model: Model, members: np.ndarray, clients: np.ndarray | None = None
) -> dict[str, int]:
    """What a whole training on these members takes, as the fields of a bill: gradients of single
    samples, or one forward evaluation of each where the model is fitted at once."""
    if hasattr(model.module, "fit"):
        return {"forward_evaluations": len(members)}
    training = model.config.training
    shares = federation.shares(training, members, clients).values()
    return {"gradient_evaluations": gradient_evaluations(training, [len(own) for own in shares])}


def minibatches(training: Training, rng: np.random.Generator, members: np.ndarray) -> np.ndarray:
    """One epoch's fresh permutation of the members, (steps, batch_size)."""
    steps = steps_per_epoch(training, len(members))
    order = rng.permutation(members)[: steps * training.batch_size]
    return order.reshape(steps, training.batch_size)


def certified_epsilon(training: Training, members: int) -> float | None:
    """What private training on so many members promises at the recipe's delta; None without.

    It holds for the model alone, not for its history, and for whoever does not know the random
    names; that there are ``members`` rows is taken for known.
    """
    private = training.private
    if private is None:
        return None
    steps = steps_per_epoch(training, members) * training.epochs
    rate = training.batch_size / members
    return accounting.epsilon(private.noise, rate, steps, private.delta)


def poisson_batches(
    training: Training, rng: np.random.Generator, members: np.ndarray
) -> list[np.ndarray]:
    """One epoch's batches of private training: every member is in each by a coin of its own, and
    in ``batch_size`` of ``len(members)`` on average."""
    count = len(members)
    sizes = rng.binomial(count, training.batch_size / count, steps_per_epoch(training, count))
    return [rng.choice(members, size, replace=False, shuffle=False) for size in sizes]


def scaled(updates: Any, rate: Any) -> Any:
    """An optimiser's updates at a share ``rate`` of its learning rate."""
    return jax.tree.map(lambda update: update * rate, updates)


def epoch_function(model: Model) -> Callable[..., Any]:
    """``epoch(state, order, steps, rate, inputs, labels[, key])`` -> (state, (loss, accuracy,
    sound)).

    ``state`` is (parameters, optimiser state) of one model; ``order`` (at least ``steps``,
    batch_size) are positions in ``inputs``; ``rate`` scales every update; ``key`` draws the noise
    of private training. Loss and accuracy are means over the epoch's minibatches, before each
    update; ``sound`` counts the steps before the first whose loss is not a number.
    """
    transform = optimizer(model.config.training)
    gradient_at = _plain(model) if model.config.training.private is None else _private(model)

    def epoch(
        state: Any,
        order: Array,
        steps: Array,
        rate: Array,
        inputs: Array,
        labels: Array,
        *key: Array,
    ) -> Any:
        def step(number: Array, carry: Any) -> Any:
            (parameters, moments), loss, hits, sound = carry
            (found, right), gradient = gradient_at(
                parameters, order, steps, number, inputs, labels, *key
            )
            updates, moments = transform.update(gradient, moments, parameters)
            state = (optax.apply_updates(parameters, scaled(updates, rate)), moments)
            sound = jnp.where(jnp.isfinite(found), sound, jnp.minimum(sound, number))
            return state, loss + found, hits + right, sound

        zero = jnp.zeros((), model.dtype)
        carry = (state, zero, zero, jnp.asarray(steps, jnp.int32))
        state, loss, hits, sound = jax.lax.fori_loop(0, steps, step, carry)
        return state, (loss / steps, hits / steps, sound)

    return epoch


def _plain(model: Model) -> Callable[..., Any]:
    """``f(parameters, order, steps, number, inputs, labels) -> ((loss, accuracy), gradient)`` of
    minibatch ``number`` of an epoch's ``order``."""
    differentiated = loss_and_gradient(model)

    def at(
        parameters: Parameters, order: Any, _: Any, number: Any, inputs: Any, labels: Any
    ) -> Any:
        batch = order[number]
        return differentiated(parameters, inputs[batch], labels[batch])

    return at


def _private(model: Model) -> Callable[..., Any]:
    """The same of a Poisson batch: clipped per-sample gradients with noise, by the expected size
    of a batch. Loss and accuracy are such that their means over the epoch's steps are means over
    all that were drawn."""
    training, clipped = model.config.training, clipped_gradients(model)
    noised = jax.jit(partial(_noised, training))

    def at(
        parameters: Parameters,
        order: Any,
        steps: Any,
        number: Any,
        inputs: Any,
        labels: Any,
        key: Array,
    ) -> Any:
        rows, counted = order[number], order[number] >= 0
        rows = jnp.where(counted, rows, ~rows)
        weights = counted.astype(model.dtype)
        each, sums = clipped(parameters, inputs[rows], labels[rows], weights)
        size = jnp.maximum(jnp.sum(order >= 0), 1) / steps
        measured = [jnp.sum(jnp.where(counted, value, 0)) / size for value in each]
        return measured, noised(sums, jax.random.fold_in(key, number))

    return at


def _noised(training: Training, sums: Parameters, key: Array) -> Parameters:
    """The mean gradient of private training from the sums of clipped ones, under one step's key."""
    deviation = training.private.noise * training.private.clip
    keys = jax.random.split(key, len(sums))
    return {
        name: (sums[name] + deviation * jax.random.normal(own, sums[name].shape, sums[name].dtype))
        / training.batch_size
        for name, own in zip(sorted(sums), keys, strict=True)
    }


@lru_cache(maxsize=8)
def _compiled_epoch(model: Model) -> Callable[..., Any]:
    """One program per model, for all that is trained of it one after another."""
    if model.engine is not None:
        return _epoch_on_host(model)
    return jax.jit(epoch_function(model), donate_argnums=0)


@lru_cache(maxsize=8)
def _fleet_epoch(model: Model) -> Callable[..., Any]:
    """The epoch over many models side by side, in one program."""
    key = () if model.config.training.private is None else (0,)
    axes = (0, 0, 0, None, None, None, *key)
    return jax.jit(jax.vmap(epoch_function(model), in_axes=axes), donate_argnums=0)


def _epoch_on_host(model: Model) -> Callable[..., Any]:
    """The same epoch as a loop over steps that calls the device directly (see `gradients`)."""
    training = model.config.training
    transform = optimizer(training)
    gradient_at = _plain(model) if training.private is None else _private(model)

    def update(state: Any, gradient: Parameters, rate: Array) -> Any:
        updates, moments = transform.update(gradient, state[1], state[0])
        return optax.apply_updates(state[0], scaled(updates, rate)), moments

    updated = jax.jit(update, donate_argnums=0)

    def epoch(
        state: Any,
        order: np.ndarray,
        steps: int,
        rate: Array,
        inputs: Any,
        labels: Any,
        *key: Array,
    ) -> Any:
        measured = []
        for number in range(steps):
            found, gradient = gradient_at(state[0], order, steps, number, inputs, labels, *key)
            state = updated(state, gradient, rate)
            measured.append(found)
        measured = np.array(measured, np.float64)
        bad = np.flatnonzero(~np.isfinite(measured[:, 0]))
        return state, (*measured.mean(axis=0), bad[0] if len(bad) else steps)

    return epoch


def train(
    model: Model,
    parameters: Parameters,
    inputs: np.ndarray,
    labels: np.ndarray,
    members: np.ndarray,
    names: Names,
    report: Progress,
    clients: np.ndarray | None = None,
) -> tuple[Parameters, dict[str, np.ndarray]]:
    """Train one model by its own recipe.

    ``inputs`` (N, d) and ``labels`` (N,) are the pool, ``members`` positions in it. ``names`` is
    the path of names under which minibatches are drawn. ``clients`` (N,) names whom a row belongs
    to, for a federated recipe. Returns the final parameters and the
    history: ``epoch``, ``loss``, ``accuracy``, each (E,). Raises QmuError naming step, epoch and
    learning rate when the loss is no longer a number.
    """
    if hasattr(model.module, "fit"):
        return _fitted(model, inputs, labels, members, report)
    training = model.config.training
    if clients is not None:
        return _federated(model, parameters, inputs, labels, members, clients, names, report)
    start = jax.tree.map(jnp.array, parameters)
    state = (start, jax.jit(optimizer(training).init)(start))
    epoch = _compiled_epoch(model)

    def alone(state: Any, orders: Any, steps: Any, *shared: Any) -> Any:
        *common, keys = (*shared, None) if training.private is None else shared
        own = () if keys is None else (keys[0],)
        return epoch(state, orders[0], steps[0], *common, *own)

    return _epochs(model, alone, state, inputs, labels, [(members, names)], report)


def _fitted(
    model: Model, inputs: np.ndarray, labels: np.ndarray, members: np.ndarray, report: Progress
) -> tuple[Parameters, dict[str, np.ndarray]]:
    """A model of a closed form; its history is one epoch."""
    rows, own = inputs[members], labels[members]
    found = model.convert(model.module.fit(model.config, rows, own, model.classes))
    logits = evaluate(model, found, rows)["logits"]
    loss = float(np.mean(LOSSES[model.config.training.loss](logits, own, np)))
    accuracy = float(np.mean(logits.argmax(axis=-1) == own))
    report(f"fitted at once: loss {loss:.4f}, training accuracy {accuracy:.3f}")
    return found, {
        "epoch": np.array([1]),
        "loss": np.array([loss]),
        "accuracy": np.array([accuracy]),
    }


def train_fleet(
    model: Model,
    parameters: list[Parameters],
    inputs: np.ndarray,
    labels: np.ndarray,
    members: list[np.ndarray],
    names: list[Names],
    report: Progress,
    clients: np.ndarray | None = None,
) -> list[tuple[Parameters, dict[str, np.ndarray]]]:
    """Train many models of one kind, each with its own parameters, members (not equally many) and
    random streams: what `train` gives for each.

    On a CPU one after another, by the program of a single model: its parameters and states stay in
    the cache, small batched products gain nothing (measured: 0.6 of the time of one model alone,
    under vmap 0.9), and every fleet of a run shares one compilation. It also makes a model's bits
    independent of its fleet. An accelerator needs the width of vmap.
    """
    each = zip(parameters, members, names, strict=True)
    alone = clients is not None or hasattr(model.module, "fit")
    if jax.default_backend() == "cpu" or alone:
        trained = []
        for number, (start, own, path) in enumerate(each, start=1):
            report(f"model {number} of {len(parameters)}")
            trained.append(train(model, start, inputs, labels, own, path, report, clients))
        return trained
    stacked = {name: jnp.stack([one[name] for one in parameters]) for name in parameters[0]}
    state = (stacked, jax.jit(jax.vmap(optimizer(model.config.training).init))(stacked))
    streams = list(zip(members, names, strict=True))
    final, history = _epochs(model, _fleet_epoch(model), state, inputs, labels, streams, report)
    return [
        (
            {name: value[slot] for name, value in final.items()},
            {"epoch": history["epoch"]}
            | {name: history[name][:, slot] for name in ("loss", "accuracy")},
        )
        for slot in range(len(parameters))
    ]


def _federated(
    model: Model,
    parameters: Parameters,
    inputs: np.ndarray,
    labels: np.ndarray,
    members: np.ndarray,
    clients: np.ndarray,
    names: Names,
    report: Progress,
) -> tuple[Parameters, dict[str, np.ndarray]]:
    """Rounds of federated averaging; the history is of rounds, a mean over what clients saw in
    theirs."""
    training = model.config.training
    local = training.federated.local_epochs
    shares = federation.shares(training, members, clients)
    epoch, begin = _compiled_epoch(model), jax.jit(optimizer(training).init)
    if model.engine is None:
        inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    weights, rows = [len(own) for own in shares.values()], []
    for number in range(1, training.epochs + 1):
        share, found = np.asarray(rate(training, number), model.dtype), []
        for client, own in shares.items():
            start = jax.tree.map(jnp.array, parameters)
            state = (start, begin(start))
            for turn in range((number - 1) * local + 1, number * local + 1):
                order, steps = _orders(training, [(own, (*names, "client", client))], turn)
                state, measured = epoch(state, order[0], steps[0], share, inputs, labels)
                measured = np.array(measured, np.float64)
                _check_sound(training, measured[2], steps, number)
            found.append((state[0], measured))
        parameters = federation.average([one for one, _ in found], weights)
        loss, accuracy, _ = np.average([measured for _, measured in found], 0, weights)
        rows.append((loss, accuracy))
        report(
            f"round {number}/{training.epochs} of {len(shares)} clients: loss {loss:.4f}, "
            f"training accuracy {accuracy:.3f}"
        )
    return parameters, _history(rows)


def _epochs(
    model: Model,
    run: Callable[..., Any],
    state: Any,
    inputs: np.ndarray,
    labels: np.ndarray,
    streams: list[tuple[np.ndarray, Names]],
    report: Progress,
) -> tuple[Parameters, dict[str, np.ndarray]]:
    """All epochs of one model, or of as many side by side as there are streams of minibatches."""
    training = model.config.training
    if model.engine is None:
        inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    rows = []
    for number in range(1, training.epochs + 1):
        order, steps = _orders(training, streams, number)
        keys = [seeds.key(*names, "noise", number) for _, names in streams]
        noise = () if training.private is None else (jnp.stack(keys),)
        share = np.asarray(rate(training, number), model.dtype)
        state, measured = run(state, order, steps, share, inputs, labels, *noise)
        loss, accuracy, sound = (np.asarray(value, np.float64) for value in measured)
        _check_sound(training, sound, steps, number)
        rows.append((loss, accuracy))
        report(
            f"epoch {number}/{training.epochs}: loss {loss.mean():.4f}, "
            f"training accuracy {accuracy.mean():.3f}"
        )
    return state[0], _history(rows)


def _check_sound(training: Training, sound: Any, steps: np.ndarray, epoch: int) -> None:
    if np.any(sound < steps):
        raise QmuError(
            f"training: the loss is not a number at step {int(np.min(sound)) + 1} of epoch "
            f"{epoch} (learning_rate {training.learning_rate}); lower "
            "models.*.training.learning_rate"
        )


def _history(rows: list[tuple[Any, Any]]) -> dict[str, np.ndarray]:
    return {
        "epoch": np.arange(1, len(rows) + 1),
        "loss": np.stack([row[0] for row in rows]),
        "accuracy": np.stack([row[1] for row in rows]),
    }


def _orders(
    training: Training, streams: list[tuple[np.ndarray, Names]], epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Batches of one epoch, (models, padded steps, rows), and how many of them count. What fills a
    batch up is ``~position``."""
    draw = minibatches if training.private is None else poisson_batches
    batches = [
        draw(training, seeds.generator(*names, "epoch", epoch), members)
        for members, names in streams
    ]
    steps = np.array([len(order) for order in batches], np.int32)
    longest = max((len(batch) for order in batches for batch in order), default=1)
    # Whole multiples: few shapes, so few programs.
    shape = [-(-steps.max() // STEPS) * STEPS, -(-longest // training.batch_size)]
    orders = np.empty((len(batches), shape[0], shape[1] * training.batch_size), np.int32)
    for padded, order, (members, _) in zip(orders, batches, streams, strict=True):
        padded[:] = ~members[0]
        for row, batch in zip(padded, order, strict=False):
            row[: len(batch)] = batch
    return orders, steps
