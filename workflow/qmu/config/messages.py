"""Turns pydantic's validation errors into the one line that a person can act on."""

from __future__ import annotations

import math
import reprlib
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from qmu.errors import one_line, suggestion

__all__ = ["first_line", "one_line"]


# A key that the model lacks, and one that is no text and so could never be known.
UNKNOWN = ("extra_forbidden", "invalid_key")

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = 3


def first_line(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """``models.hqnn.layers: must be ..., found 0`` for the first of the errors."""
    # Unknown keys first: a misspelt key is the usual cause of what else is wrong.
    errors = sorted(error.errors(), key=lambda item: item["type"] not in UNKNOWN)
    item = errors[0]
    location = _location(item, model)
    key = ".".join([part for part in [where] if part] + location)
    same = [other for other in errors if _location(other, model) == location]
    others = len(errors) - len(same)
    more = f" (and {others} more)" if others else ""
    if item["type"] in UNKNOWN:
        valid = _fields(model, location[:-1])
        return f"{key}: unknown key {location[-1]!r}.{suggestion(location[-1], valid)}{more}"
    if item["type"] == "missing":
        return f"{key}: this key is required{more}"
    if item["type"] == "value_error":
        return f"{key}: {item['ctx']['error']}{more}"
    hint, wanted = "", " or ".join(dict.fromkeys(map(_wanted, same)))
    if len(same) == 1 and item["type"] == "literal_error":
        hint = suggestion(str(item["input"]), _literals(model, location))
    elif item["type"] == "float_type" and _is_number(item["input"]):
        hint = " YAML reads a number only with a decimal point and a signed exponent, as 1.0e-3."
    return f"{key}: must be {wanted}, found {_shown(item['input'])}.{hint}{more}"


def _location(item: Any, model: type[BaseModel]) -> list[str]:
    """The keys that lead to a wrong value. What pydantic adds where a value may be one of several
    kinds, the name of a kind, is no key."""
    location = [str(part) for part in item["loc"]]
    for end, part in enumerate(location, start=1):
        holder = _model_at(model, location[: end - 1])
        field = None if holder is None else holder.model_fields.get(part)
        if field is None:
            continue
        if _several(field.annotation):
            return location[:end]
        # Of a list the place of the value is a key as well.
        if any(map(_several, get_args(field.annotation))):
            return location[: end + 1]
    return location


def _several(annotation: Any) -> bool:
    """Whether a value may be one of several kinds."""
    kinds = set(get_args(annotation)) - {NoneType}
    return len(kinds) > 1 and get_origin(annotation) in (Union, UnionType)


def _wanted(item: Any) -> str:
    """What would have been valid, in the words of a configuration file."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"a name of the form {context['pattern']}"
    if kind == "too_short":
        return f"a list of at least {context['min_length']}"
    if kind in ("model_type", "dict_type"):
        return "a mapping of keys to values"
    if kind in ("list_type", "tuple_type"):
        return "a list"
    message = item["msg"][0].lower() + item["msg"][1:]
    return message.removeprefix("input should be ")


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    try:
        text = _SHORT.repr(value)
    except ValueError:  # an integer of thousands of digits
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def _model_at(model: type[BaseModel], location: list[str]) -> type[BaseModel] | None:
    for part in location:
        field = model.model_fields.get(part)
        candidates = [] if field is None else [field.annotation, *get_args(field.annotation)]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            return None
        model = models[0]
    return model


def _fields(model: type[BaseModel], location: list[str]) -> list[str]:
    found = _model_at(model, location)
    return [] if found is None else list(found.model_fields)


def _literals(model: type[BaseModel], location: list[str]) -> list[str]:
    holder = _model_at(model, location[:-1])
    field = None if holder is None else holder.model_fields.get(location[-1])
    return [] if field is None else [str(value) for value in get_args(field.annotation)]
