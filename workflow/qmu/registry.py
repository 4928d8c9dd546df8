"""Finds components by file name: ``load("unlearning", "ga")`` is ``unlearning/methods/ga.py``.

A component is one file with a ``Config`` (pydantic model holding its defaults), a ``CARD`` and its
functions. Nothing is listed twice: dropping a file into the folder registers it. An installed
package registers a module of its own by an entry point of the group ``qmu.<kind>``, whose name is
the component's; it is imported where a configuration names it, and only there.
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
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
# A kind of device comes with rules of its own; devices of others come as PennyLane's plug-ins.
PLUGGABLE = tuple(kind for kind in KINDS if kind != "devices")

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
    """Names of all components of a kind, sorted; nothing is imported."""
    return tuple(sorted({*_own(kind), *(entry.name for entry in _plug_ins(kind))}))


def module(kind: str, name: str) -> str:
    """Where a component's code stands: below the package (``unlearning.methods.ga``), or behind the
    name of the distribution that it comes with (``qmu-more:qmu_more.methods``)."""
    entry = _plug_in(kind, name)
    return f"{KINDS[kind]}.{name}" if entry is None else f"{entry.dist.name}:{entry.value}"


def load(kind: str, name: str) -> ModuleType:
    """The component's module; ConfigError, in one line, with the nearest name where there is none
    or two of it, and for a file that cannot be imported or lacks what every component of its kind
    defines."""
    if name not in names(kind):
        raise ConfigError(f"no {kind} component named {name!r}.{suggestion(name, names(kind))}")
    entry = _plug_in(kind, name)
    of = "" if entry is None else f" of {_whose(entry)}"
    try:
        place = f"qmu.{module(kind, name)}" if entry is None else entry.value
        component = importlib.import_module(place)
    except QmuError as error:
        raise ConfigError(f"{kind} component {name!r}{of}: {error}") from error
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{kind} component {name!r}{of} cannot be imported: {text}") from error
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


@cache
def _own(kind: str) -> frozenset[str]:
    if kind not in KINDS:
        raise ValueError(f"unknown kind of component {kind!r}")
    folder = Path(__file__).parent.joinpath(*KINDS[kind].split("."))
    return frozenset(f.stem for f in folder.glob("*.py") if f.stem != "__init__")


@cache
def _installed() -> EntryPoints:
    return entry_points()


@cache
def _plug_ins(kind: str) -> tuple[EntryPoint, ...]:
    return tuple(_installed().select(group=f"qmu.{kind}")) if kind in PLUGGABLE else ()


def _plug_in(kind: str, name: str) -> EntryPoint | None:
    """The entry point of a component; None for one of qmu's own."""
    entries = [entry for entry in _plug_ins(kind) if entry.name == name]
    own = ["qmu itself"] if name in _own(kind) else []
    if len(own) + len(entries) > 1:
        found = " and ".join([*own, *map(_whose, entries)])
        raise ConfigError(f"{kind} component {name!r}: there are two, of {found}")
    return entries[0] if entries else None


def _whose(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}"
