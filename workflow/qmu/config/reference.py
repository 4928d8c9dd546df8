"""The reference of every configuration key, generated from the models that validate them.

``python -m qmu.config.reference > docs/configuration.md``; a test fails when the file is stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from qmu import registry
from qmu.circuits.noise import NoiseModel
from qmu.data import predictions
from qmu.models import recipe
from qmu.studies import signal, sweep

from .experiment import Common
from .parse import SECTIONS, SINGLE
from .tune import Tune

INTRODUCTION = """\
# Configuration reference

Generated from the models that validate the configuration (`python -m qmu.config.reference`).
Unknown keys are errors. A component stands under a name of your choice; the key `model`, `method`
or `attack` says which component it is and defaults to that name. The sections `quality`, `devices`,
`sweep`, `signal` and `tune` may be left out. In place of `forget` there may be `requests`: a list
of such sections, each with a `name` if you like, which are served one after another. A table of
`predictions` takes the place of all sections but `attacks` and `quality`, and of all common keys
but `experiment`, `root_seed`, `seeds`, `evaluation` and `risk`.
"""


def markdown() -> str:
    """The whole reference."""
    parts = [INTRODUCTION, "## Common keys", _purpose(Common), *_table(Common)]
    for kind in registry.names("devices"):
        settings = registry.load("devices", kind).Config
        parts += [f"## `devices`, `kind: {kind}`", _purpose(settings), *_table(settings)]
    noise = "`devices.<name>.noise` and `sweep.noise`"
    parts += [f"## {noise}", _purpose(NoiseModel), *_table(NoiseModel)]
    private = "`models.<name>.training.private`"
    parts += [f"## {private}", _purpose(recipe.Private), *_table(recipe.Private)]
    federated = "`models.<name>.training.federated`"
    parts += [f"## {federated}", _purpose(recipe.Federated), *_table(recipe.Federated)]
    own = predictions.Config
    parts += ["## `predictions`", _purpose(own), *_table(own)]
    parts += ["## `sweep`", _purpose(sweep.Config), *_table(sweep.Config)]
    parts += ["## `signal`", _purpose(signal.Config), *_table(signal.Config)]
    parts += ["## `tune`", _purpose(Tune), *_table(Tune)]
    kinds = [(section, kind, key) for section, (kind, key, _) in SINGLE.items()]
    kinds += [(section, kind, key) for section, (kind, key) in SECTIONS.items()]
    for section, kind, key in kinds:
        for name in registry.names(kind):
            config = registry.load(kind, name).Config
            parts += [f"## `{section}`, `{key}: {name}`", _purpose(config), *_table(config)]
    return "\n\n".join(parts) + "\n"


def _purpose(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").replace("``", "`").split())


def _table(model: type[BaseModel]) -> list[str]:
    rows = [f"| `{name}` | {default} | {limits} |" for name, default, limits in _rows(model, "")]
    return ["\n".join(["| key | default | limits |", "|---|---|---|", *rows])] if rows else []


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            nested = type(field.default)
            given = {key: getattr(field.default, key) for key in nested.model_fields}
            for key, default, limits in _rows(nested, f"{prefix}{name}."):
                value = given.get(key.rpartition(".")[2])
                plain = not isinstance(value, BaseModel) and key.count(".") == prefix.count(".") + 1
                yield key, _shown(value) if plain else default, limits
            continue
        yield f"{prefix}{name}", _shown(field.default), _limits(schema["properties"][name])


def _shown(value: object) -> str:
    if value is PydanticUndefined:
        return "required"
    return f"`{json.dumps(value)}`" if value is not None else "none"


def _limits(schema: dict) -> str:
    words = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
        "minItems": "items at least",
    }
    found = []
    for part in [schema, *schema.get("anyOf", []), schema.get("items", {})]:
        if "enum" in part:
            found.append("one of " + ", ".join(f"`{value}`" for value in part["enum"]))
        found += [f"{text} {part[key]:g}" for key, text in words.items() if key in part]
    return ", ".join(dict.fromkeys(found))


if __name__ == "__main__":
    sys.stdout.write(markdown())
