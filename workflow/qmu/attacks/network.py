"""The attack network of Su et al.: 13-64-ReLU-Dropout-64-ReLU-1, trained by full-batch Adam.

Source: Su et al. 2025 (arXiv:2509.06086), released code (PyTorch); its layers start uniform in
+-1/sqrt(inputs), PyTorch's default. Several networks train side by side under vmap, all steps in
one scan. Everything is float32 whatever the precision of the process.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from qmu import seeds
from qmu.lazy import jax, jnp, optax

Network = dict[str, np.ndarray]
LAYERS = ("hidden_1", "hidden_2", "output")


def initial(inputs: int, hidden: int, names: tuple[str | int, ...]) -> Network:
    """Fresh weights (in, out) and biases (out,) by layer, float32."""
    rng = seeds.generator(*names, "initial")
    network = {}
    for layer, fan_in, fan_out in zip(
        LAYERS, (inputs, hidden, hidden), (hidden, hidden, 1), strict=True
    ):
        bound = fan_in**-0.5
        for part, shape in (("weight", (fan_in, fan_out)), ("bias", (fan_out,))):
            network[f"{layer}/{part}"] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return network


def train(
    inputs: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    hidden: int,
    dropout: float,
    learning_rate: float,
    steps: int,
    names: list[tuple[str | int, ...]],
) -> Network:
    """Train one network per path of names by binary cross-entropy.

    ``inputs`` (networks, n, features), ``targets`` (networks, n) of 0 and 1, ``weights``
    (networks, n), zero for padding. Returns the parameters, stacked along a first axis.
    """
    starts = [initial(inputs.shape[-1], hidden, path) for path in names]
    stacked = {name: np.stack([start[name] for start in starts]) for name in starts[0]}
    seed = np.stack(
        [
            seeds.generator(*path, "dropout").integers(2**32, size=2, dtype=np.uint32)
            for path in names
        ]
    )
    weights = weights / weights.sum(axis=-1, keepdims=True)
    with jax.enable_x64(False):
        run = _trainer(dropout, learning_rate, steps)
        found = run(
            stacked,
            seed,
            *(np.asarray(array, np.float32) for array in (inputs, targets, weights)),
        )
        return {name: np.asarray(value) for name, value in found.items()}


def logit(network: Network, inputs: np.ndarray) -> np.ndarray:
    """The output before the sigmoid, (n,) float64, for ``inputs`` (n, features); no dropout."""
    hidden = np.asarray(inputs, np.float32)
    for layer in LAYERS[:-1]:
        hidden = np.maximum(hidden @ network[f"{layer}/weight"] + network[f"{layer}/bias"], 0)
    output = hidden @ network["output/weight"] + network["output/bias"]
    return output[:, 0].astype(np.float64)


def _affine(network: Any, layer: str, inputs: Any) -> Any:
    """A layer before its activation, (n, out), inside JAX."""
    product = inputs @ network[f"{layer}/weight"]
    return product + jnp.broadcast_to(network[f"{layer}/bias"], product.shape)


@cache
def _trainer(dropout: float, learning_rate: float, steps: int) -> Any:
    """The compiled training of a stack of networks; networks of one shape compile once."""
    adam = optax.adam(learning_rate)

    def loss(network: Any, key: Any, inputs: Any, targets: Any, weights: Any) -> Any:
        hidden = jax.nn.relu(_affine(network, "hidden_1", inputs))
        # Eight random bits decide each unit: a quarter of the generator's work of a float, and
        # the dropout rate is met to 1/256 (survivors are rescaled by the rate that is really used).
        dropped = round(256 * dropout)
        kept = jax.random.bits(key, hidden.shape, jnp.uint8) >= dropped
        hidden = jnp.where(kept, hidden / (1 - dropped / 256), 0)
        hidden = jax.nn.relu(_affine(network, "hidden_2", hidden))
        output = _affine(network, "output", hidden)[:, 0]
        return jnp.sum(weights * (jax.nn.softplus(output) - targets * output))

    def train_one(network: Any, seed: Any, inputs: Any, targets: Any, weights: Any) -> Any:
        root = jax.random.wrap_key_data(seed, impl="threefry2x32")

        def step(state: Any, number: Any) -> Any:
            network, moments = state
            key = jax.random.fold_in(root, number)
            gradient = jax.grad(loss)(network, key, inputs, targets, weights)
            updates, moments = adam.update(gradient, moments)
            return (optax.apply_updates(network, updates), moments), None

        state = (network, adam.init(network))
        return jax.lax.scan(step, state, jnp.arange(steps))[0][0]

    return jax.jit(jax.vmap(train_one))
