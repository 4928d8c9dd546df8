"""Classical heads that several models share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmu.lazy import jnp

if TYPE_CHECKING:
    from jax import Array


def dense(parameters: dict[str, Array], values: Array) -> Array:
    """What was measured (n, wires) to logits (n, classes), by one dense layer."""
    product = values @ parameters["head/weight"]
    return product + jnp.broadcast_to(parameters["head/bias"], product.shape)
