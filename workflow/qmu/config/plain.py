"""What a configuration may be made of, before any key is looked at.

YAML can express more than a configuration needs: values of other types by tag, numbers that no
array holds, lists that refer to each other and so stand for billions of values. All that is refused
here, with the key, so that everything behind it sees small trees of plain values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qmu.errors import ConfigError

DEEPEST = 12
MOST_VALUES = 20_000
LONGEST_KEY = 100
LONGEST_TEXT = 4096
LARGEST = 2**63 - 1

Path = tuple[str, ...]


def require_plain(raw: Mapping[Any, Any]) -> None:
    """Raise ConfigError for the first key or value that no configuration needs."""
    for count, (where, value) in enumerate(_values(raw, (), 0), 1):
        key = ".".join(where)
        if count > MOST_VALUES:
            raise ConfigError(f"{where[0]}: the configuration holds over {MOST_VALUES} values")
        _require_scalar(key, value)


def _values(value: Any, where: Path, depth: int) -> Iterator[tuple[Path, Any]]:
    """Every value below ``value`` with the path to it; a value that is referred to twice counts
    twice, and nothing is walked that was not asked for."""
    if depth > DEEPEST:
        raise ConfigError(f"{'.'.join(where[:3])}: nested more than {DEEPEST} levels deep")
    if isinstance(value, Mapping):
        pairs = ((_key(key, where), inner) for key, inner in value.items())
    else:
        pairs = ((str(row), inner) for row, inner in enumerate(value))
    for name, inner in pairs:
        path = (*where, name)
        yield path, inner
        if isinstance(inner, Mapping | list | tuple):
            yield from _values(inner, path, depth + 1)


def _key(key: Any, where: Path) -> str:
    if key is None or isinstance(key, str | bool):
        text = str(key)
        if not text.strip():
            raise ConfigError(f"{_section(where)}: a key is blank")
        if len(text) <= LONGEST_KEY:
            return text
        raise ConfigError(f"{'.'.join((*where, text[:20]))}...: no key has {len(text)} characters")
    if isinstance(key, int) and abs(key) <= LARGEST:
        return str(key)
    raise ConfigError(
        f"{_section(where)}: a key must be text, found one of type {type(key).__name__}"
    )


def _section(where: Path) -> str:
    return ".".join(where) or "the configuration"


def _require_scalar(key: str, value: Any) -> None:
    if isinstance(value, int):
        if value > LARGEST:
            raise ConfigError(f"{key}: must be less than or equal to {LARGEST}")
        if value < -LARGEST:
            raise ConfigError(f"{key}: must be greater than or equal to {-LARGEST}")
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ConfigError(f"{key}: text of {len(value)} characters, at most {LONGEST_TEXT}")
    elif not (value is None or isinstance(value, float | Mapping | list | tuple)):
        raise ConfigError(
            f"{key}: must be text, a number, true, false, a list or a mapping, found a value of "
            f"type {type(value).__name__}"
        )
