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
    text = "\x1f".join(_spelled(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def _spelled(name: str | int) -> str:
    # By kind, not by type: NumPy's integers and strings name what Python's do.
    if isinstance(name, str) and "\x1f" not in name:
        return f"str:{name}"
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        return f"int:{name}"
    raise TypeError(f"a seed's names are strings and integers, found {name!r}")


def generator(*names: str | int) -> np.random.Generator:
    """A NumPy generator (PCG64) for the path of names."""
    return np.random.default_rng(entropy(*names))


def key(*names: str | int) -> jax.Array:
    """A JAX random key (threefry) for the path of names, the same in either precision.

    ``jax.random.key(seed)`` would keep only 32 bits of the seed outside JAX's 64-bit mode.
    """
    import jax

    low = entropy(*names) % 2**63
    words = np.array([low >> 32, low & 0xFFFFFFFF], dtype=np.uint32)
    return jax.random.wrap_key_data(words, impl="threefry2x32")
