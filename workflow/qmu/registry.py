"""Finds components by file name: ``load("unlearning", "ga")`` is ``unlearning/methods/ga.py``.

A component is one file with a ``Config`` (pydantic model holding its defaults), a ``CARD`` and its
functions. Nothing is listed twice: dropping a file into the folder registers it.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from qmu.errors import ConfigError, suggestion

# Kind of component -> the package that holds its files.
KINDS = {
    "data": "data.sets",
    "forget": "forget.scenarios",
    "models": "models.kinds",
    "unlearning": "unlearning.methods",
    "attacks": "attacks.methods",
    "quality": "quality.measures",
    "devices": "devices.kinds",
}


@cache
def names(kind: str) -> tuple[str, ...]:
    """Names of all components of a kind, sorted."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of component {kind!r}")
    folder = Path(__file__).parent.joinpath(*KINDS[kind].split("."))
    return tuple(sorted(f.stem for f in folder.glob("*.py") if f.stem != "__init__"))


def module(kind: str, name: str) -> str:
    """Where a component's code stands, below the package: ``unlearning.methods.ga``."""
    return f"{KINDS[kind]}.{name}"


def load(kind: str, name: str) -> ModuleType:
    """The component's module; ConfigError with the nearest name where there is none."""
    if name not in names(kind):
        raise ConfigError(f"no {kind} component named {name!r}.{suggestion(name, names(kind))}")
    return importlib.import_module(f"qmu.{module(kind, name)}")
