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


class RepeatedKey(ValueError):
    """A key stands twice in one mapping; the text names it, and the lines where they are known."""


class _Loader(yaml.SafeLoader):
    """Plain YAML; a key that comes with a merge (``<<``) may be set anew, as YAML intends."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if isinstance(node, yaml.MappingNode):
            self._refuse_repeated(node)
        return super().construct_mapping(node, deep)

    def _refuse_repeated(self, node: yaml.MappingNode) -> None:
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # the loader refuses it with words of its own
            line = key_node.start_mark.line + 1
            if key in lines:
                raise RepeatedKey(f"{key}: stands twice, {_where(lines[key], line)}")
            lines[key] = line


def _where(first: int, second: int) -> str:
    return f"in line {first}" if first == second else f"in lines {first} and {second}"


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
        return yaml.load(text, _Loader)


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
        yaml.load(text.replace("\t", " "), _Loader)
    except RepeatedKey as located:
        return located
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    return error
