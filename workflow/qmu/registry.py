"""Finds components by file name: ``load("unlearning", "ga")`` is ``unlearning/methods/ga.py``.

A component is one file with a ``Config`` (pydantic model holding its defaults), a ``CARD`` and its
functions. Nothing is listed twice: dropping a file into the folder registers it.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from qmu.errors import ConfigError, QmuError, suggestion
from qmu.strict import Strict

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

# Kind of component -> what its files define beside their `Config`.
DEFINITIONS = {
    "data": ("describe", "load"),
    "forget": ("CARD", "check", "mark", "words", "names"),
    "models": ("CARD", "check", "initial_parameters", "embed", "head"),
    "unlearning": ("CARD", "unlearn"),
    "attacks": ("CARD", "fit", "score"),
    "quality": ("CARD", "measure"),
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
    """The component's module; ConfigError, in one line, with the nearest name where there is none,
    and for a file that cannot be imported or lacks what every component of its kind defines."""
    if name not in names(kind):
        raise ConfigError(f"no {kind} component named {name!r}.{suggestion(name, names(kind))}")
    try:
        component = importlib.import_module(f"qmu.{module(kind, name)}")
    except QmuError as error:
        raise ConfigError(f"{kind} component {name!r}: {error}") from error
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{kind} component {name!r} cannot be imported: {text}") from error
    check(kind, name, component)
    return component


def check(kind: str, name: str, component: ModuleType) -> None:
    """Raise ConfigError where a module is no component of its kind."""
    for needed in ("Config", *DEFINITIONS.get(kind, ())):
        if not hasattr(component, needed):
            raise ConfigError(f"{kind} component {name!r}: its file must define {needed}")
    config = component.Config
    if not (isinstance(config, type) and issubclass(config, Strict)):
        raise ConfigError(f"{kind} component {name!r}: its Config must extend qmu.strict.Strict")
