"""Modules that are imported at first use.

Planning a run reads the components' cards and configs, and every cluster job plans the run again:
it must not pay for JAX, which only the components' functions need.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _LazyModule(ModuleType):
    """Stands for a module until its first attribute is asked for."""

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self.__name__), attribute)


jax = _LazyModule("jax")
jnp = _LazyModule("jax.numpy")
optax = _LazyModule("optax")
