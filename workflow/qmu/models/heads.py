"""Classical heads that several models share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmu.lazy import jnp

if TYPE_CHECKING:
    from jax import Array

# The last layer of every head that ends in a dense one, and the layer before it where there is one.
WEIGHT, BIAS = "head/weight", "head/bias"
HIDDEN_WEIGHT, HIDDEN_BIAS = "head/hidden/weight", "head/hidden/bias"


def dense(parameters: dict[str, Array], values: Array) -> Array:
    """What was measured (n, wires) to logits (n, classes), by one dense layer."""
    return layer(values, parameters[WEIGHT], parameters[BIAS])


def two_layers(parameters: dict[str, Array], values: Array) -> Array:
    """What was measured (n, wires) to logits (n, classes): dense, ReLU, dense."""
    hidden = layer(values, parameters[HIDDEN_WEIGHT], parameters[HIDDEN_BIAS])
    return dense(parameters, jnp.maximum(hidden, 0.0))


def readout(parameters: dict[str, Array], values: Array) -> Array:
    """What was measured is the logits, one wire per class."""
    return values


def layer(values: Array, weight: Array, bias: Array) -> Array:
    """``values`` (n, d) through a dense layer of ``weight`` (d, k) and ``bias`` (k,)."""
    product = values @ weight
    return product + jnp.broadcast_to(bias, product.shape)
