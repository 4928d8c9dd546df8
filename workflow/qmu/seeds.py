"""Random keys derived from names, never from positions.

Every random choice of a run is keyed by the experiment's root seed and a path of names such as
``("shadow", "hqnn", 17, "batches")``. A key therefore does not depend on the number of cores, on
the block a model is trained in, or on what was drawn before it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import jax


def entropy(*names: str | int) -> int:
    """128 bits of entropy from a path of names; the separator keeps ("a", "bc") off ("ab", "c")."""
    if not names:
        raise ValueError("a seed needs at least one name")
    text = "\x1f".join(f"{type(name).__name__}:{name}" for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def generator(*names: str | int) -> np.random.Generator:
    """A NumPy generator (PCG64) for the path of names."""
    return np.random.default_rng(entropy(*names))


def key(*names: str | int) -> jax.Array:
    """A JAX random key (threefry, the default implementation) for the path of names."""
    import jax

    return jax.random.key(entropy(*names) % 2**63)


def keys(paths: list[tuple[str | int, ...]]) -> jax.Array:
    """One JAX key per path of names, stacked along a new first axis."""
    import jax.numpy as jnp

    return jnp.stack([key(*path) for path in paths])
