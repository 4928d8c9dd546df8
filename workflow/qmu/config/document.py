"""Reads the text of a configuration file as Snakemake does, but no key twice in one mapping.

JSON is tried first, then YAML. Both languages leave open what a repeated key means; their loaders
let the last one win without a word, so an experiment would run with settings that its author
believes to have replaced.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import yaml

_MERGE, _TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"


class RepeatedKey(ValueError):
    """A key stands twice in one mapping; the text names it, and the lines where they are known."""


def parse(text: str) -> Any:
    """The value of a JSON or YAML text.

    Raises RepeatedKey, RecursionError where it is nested too deeply, yaml.YAMLError where it is no
    plain YAML, and other errors of the YAML loader for values that it cannot make.
    """
    try:
        return json.loads(text, object_pairs_hook=_unrepeated)
    except RepeatedKey as error:
        raise _with_lines(text, error) from None
    except ValueError:
        _refuse_repeated(text)
        return yaml.safe_load(text)


def is_json(text: str) -> bool:
    """Whether Snakemake will read the text as JSON, which holds no templates."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise RepeatedKey(f"{key}: stands twice in one mapping")
        mapping[key] = value
    return mapping


def _with_lines(text: str, error: RepeatedKey) -> RepeatedKey:
    """The same with lines: JSON's reader keeps none, but JSON is YAML where it has no tabs."""
    try:
        _refuse_repeated(text.replace("\t", " "))
    except RepeatedKey as located:
        return located
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    return error


def _refuse_repeated(text: str) -> None:
    """Raise RepeatedKey for the first mapping of a YAML text with one key twice.

    A key that comes with a merge (``<<``) may be set anew, as YAML intends. Each node of the text
    is looked at once, however often an alias refers to it.
    """
    waiting, known = [yaml.compose(text, yaml.SafeLoader)], set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.CollectionNode) or id(node) in known:
            continue
        known.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _refuse_repeated_in(node)
            waiting += [part for pair in node.value for part in pair]
        else:
            waiting += node.value


def _refuse_repeated_in(node: yaml.MappingNode) -> None:
    lines: dict[Hashable, int] = {}
    for key_node, _ in node.value:
        # A list or mapping is no key: the loader refuses it with words of its own.
        if isinstance(key_node, yaml.ScalarNode) and key_node.tag != _MERGE:
            text = key_node.tag == _TEXT
            key = key_node.value if text else yaml.safe_load(key_node.value)
            line = key_node.start_mark.line + 1
            if key in lines:
                raise RepeatedKey(f"{key}: stands twice, {_where(lines[key], line)}")
            lines[key] = line


def _where(first: int, second: int) -> str:
    return f"in line {first}" if first == second else f"in lines {first} and {second}"
