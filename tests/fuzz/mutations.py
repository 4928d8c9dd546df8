"""Configurations that were good until one to three things in them were changed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from odd import FRAGMENTS, keys, values
from pydantic import BaseModel
from qmu import registry
from qmu.config.parse import SECTIONS, SINGLE
from qmu.data import predictions

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "experiments").glob("*.yaml"), ROOT / "config.yaml"])
TEXTS = [file.read_text(encoding="utf-8") for file in FILES]
BASES = [yaml.safe_load(text) for text in TEXTS]
for base in BASES:
    if "dataset" in base and not (ROOT / base["dataset"].get("path", ".")).exists():
        base["dataset"]["path"] = str(ROOT)  # any folder that exists


def own_models(base: dict[Any, Any]) -> list[str]:
    """Files of the user's own models that a configuration names."""
    return [model["file"] for model in base.get("models", {}).values() if "file" in (model or {})]


# Configurations that no file of the user's has to be read for.
PLAIN = [
    base
    for base in BASES
    if "dataset" in base and base["dataset"]["name"] != "table" and not own_models(base)
]


def _places(value: Any, depth: int = 5) -> list[tuple[Any, Any]]:
    """Every (mapping or list, key or row) of a tree, but not of what was put in to be huge."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))[:100]
    found = [(value, key) for key, _ in pairs]
    for _, inner in pairs:
        if isinstance(inner, dict | list) and depth and len(found) < 300:
            found += _places(inner, depth - 1)
    return found


def _schema_words() -> list[str]:
    """Every key and component name that some configuration may hold."""
    from qmu.config.experiment import Common

    words = {*SECTIONS, *(key for _, key in SECTIONS.values())}
    words |= {"predictions", *SINGLE, *(key for _, key, _ in SINGLE.values())}
    models = [Common, predictions.Config]
    for kind in registry.KINDS:
        words |= set(registry.names(kind))
        models += [registry.load(kind, name).Config for name in registry.names(kind)]
    while models:
        for name, field in models.pop().model_fields.items():
            words.add(name)
            models += [type(field.default)] if isinstance(field.default, BaseModel) else []
    return sorted(words)


WORDS = _schema_words()
# What stands at one place of a good file, offered at every other place.
BORROWED = [holder[key] for base in BASES for holder, key in _places(base)]

_keys = st.one_of(st.sampled_from(WORDS), keys)
_values = st.one_of(
    values,
    st.sampled_from(BORROWED).map(copy.deepcopy),
    st.sampled_from(WORDS),
)
_shares = st.floats(0.001, 0.99).map(lambda x: round(x, 3))
CHANGES = ["nudge", "nudge", "set", "set", "remove", "add", "rename", "wrap"]


@st.composite
def mutated(draw: Any, bases: list[dict[Any, Any]] = BASES) -> dict[Any, Any]:
    """A good configuration with one to three changes."""
    config = copy.deepcopy(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(config)
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from(CHANGES))
        if change == "nudge" and isinstance(holder[key], int | float):
            holder[key] = draw(st.integers(1, 400) if isinstance(holder[key], int) else _shares)
        elif change in ("set", "nudge") or (
            change in ("add", "rename") and isinstance(holder, list)
        ):
            holder[key] = draw(_values)
        elif change == "remove":
            del holder[key]
        elif change == "wrap":
            holder[key] = draw(st.sampled_from([[holder[key]], {key: holder[key]}]))
        else:
            value = draw(_values) if change == "add" else holder.pop(key)
            holder[draw(_keys)] = value
    return config


@st.composite
def damaged_text(draw: Any, marker: str = "{marker}") -> str:
    """The text of a good file with lines lost, doubled or moved, and YAML's odder features."""
    lines = draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, len(lines) - 1))
        change = draw(st.sampled_from(["value", "value", "value", "line", "double", "drop", "cut"]))
        fragment = draw(st.sampled_from(FRAGMENTS)).format(marker=marker)
        if change == "value":
            lines[row] = f"{lines[row].partition(':')[0]}: {fragment}"
        elif change == "line":
            lines.insert(row, draw(st.sampled_from([fragment, f"{fragment}: 1", "\t", "  x: 1"])))
        elif change == "double":
            lines.insert(draw(st.integers(0, len(lines))), lines[row])
        elif change == "cut":
            lines[row] = lines[row][: draw(st.integers(0, len(lines[row])))]
        elif len(lines) > 1:
            del lines[row]
    if draw(st.integers(0, 9)) == 0:
        lines.insert(0, "__use_yte__: true")
    return "\n".join(lines) + "\n"
