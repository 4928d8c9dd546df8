"""Gaussian noise on parameters and gradients, from named keys."""

from __future__ import annotations

import math
from typing import Any

from qmu.lazy import jax, jnp
from qmu.models.model import Parameters

from .scaled_steps import compiled, moved


def normal(key: Any, like: Parameters) -> Parameters:
    """Independent N(0, 1) entries, with the names, shapes and dtypes of ``like``."""
    return compiled(_normal)(key, like)


def added(key: Any, parameters: Parameters, share: float) -> Parameters:
    """``parameters`` with noise whose standard deviation is a ``share`` of each tensor's root mean
    square; of the circuit's, of that of angles uniform on the circle."""
    return compiled(_moved)(parameters, normal(key, parameters), share)


def _moved(parameters: Parameters, directions: Parameters, share: float) -> Parameters:
    lengths = {name: value / math.sqrt(max(value.size, 1)) for name, value in directions.items()}
    return moved(parameters, lengths, share)


def _normal(key: Any, like: Parameters) -> Parameters:
    keys = jax.random.split(key, len(like))
    return {
        name: jax.random.normal(own, jnp.shape(like[name]), like[name].dtype)
        for name, own in zip(sorted(like), keys, strict=True)
    }
