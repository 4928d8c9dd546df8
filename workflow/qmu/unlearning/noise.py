"""Gaussian noise on parameters and gradients, from named keys."""

from __future__ import annotations

from typing import Any

from qmu.lazy import jax, jnp
from qmu.models.model import Parameters

from .scaled_steps import compiled


def normal(key: Any, like: Parameters) -> Parameters:
    """Independent N(0, 1) entries, with the names, shapes and dtypes of ``like``."""
    return compiled(_normal)(key, like)


def _normal(key: Any, like: Parameters) -> Parameters:
    keys = jax.random.split(key, len(like))
    return {
        name: jax.random.normal(own, jnp.shape(like[name]), like[name].dtype)
        for name, own in zip(sorted(like), keys, strict=True)
    }
