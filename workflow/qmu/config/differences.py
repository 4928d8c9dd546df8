"""What differs between two validated configurations, in the keys that a person writes.

A configuration is compared in the plain form of an `Experiment` (``model_dump``), which spells out
every default: so a key that is written with its default value differs from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]

# Section -> the key that names the component of an entry.
NAMING = {
    "dataset": "name",
    "forget": "kind",
    "models": "model",
    "unlearning": "method",
    "attacks": "attack",
    "quality": "measure",
    "devices": "kind",
}
# Stands in a comparison for what only one side has.
ABSENT = object()


def changes(before: Any, now: Any, path: Path = ()) -> dict[Path, tuple[Any, Any]]:
    """Path -> (value before, value now) of every difference between two trees of mappings.

    A list is one value; what one side lacks is `ABSENT`, and stands there as a whole.
    """
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        changed: dict[Path, tuple[Any, Any]] = {}
        for key in sorted({*before, *now}, key=str):
            values = before.get(key, ABSENT), now.get(key, ABSENT)
            changed |= changes(*values, (*path, str(key)))
        return changed
    return {} if before == now else {path: (before, now)}


def key_of(path: Path) -> str:
    """The dotted key in a configuration file of a place in an experiment's plain form."""
    if path[:1] == ("common",):
        return ".".join(path[1:])
    entry = 1 if path[0] in ("dataset", "forget") else 2
    return ".".join((*path[:entry], *component_key(path[0], path[entry:])))


def component_key(section: str, path: Path) -> Path:
    """A place within an entry of a section, as a person writes it: settings stand beside the key
    that names the component."""
    if path[:1] == ("settings",):
        return path[1:]
    return (
        (NAMING[section], *path[1:]) if path[:1] == ("component",) and section in NAMING else path
    )
