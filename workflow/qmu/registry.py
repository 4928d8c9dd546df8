"""Finds components by file name: ``load("unlearning", "ga")`` is ``qmu/unlearning/ga.py``.

A component is one file with a ``Config`` (pydantic model holding its defaults), a ``CARD`` and its
functions. Nothing is listed twice: dropping a file into the folder registers it.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from .errors import ConfigError, suggestion

KINDS = ("data", "models", "unlearning", "attacks", "quality")


@cache
def names(kind: str) -> tuple[str, ...]:
    """Names of all components of a kind, sorted; files that start with _ are helpers."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of component {kind!r}")
    folder = Path(__file__).parent / kind
    return tuple(sorted(f.stem for f in folder.glob("*.py") if not f.stem.startswith("_")))


def load(kind: str, name: str) -> ModuleType:
    """The component's module; ConfigError with the nearest name where there is none."""
    if name not in names(kind):
        raise ConfigError(f"no {kind} component named {name!r}.{suggestion(name, names(kind))}")
    return importlib.import_module(f"qmu.{kind}.{name}")
