"""The base of every configuration model: unknown keys are errors, values are final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Strict(BaseModel):
    """A frozen pydantic model that refuses unknown keys, non-finite numbers and lax types.

    ``true`` is no number, ``"3"`` no integer and ``5.0`` none either; an integer is a number.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True, strict=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _from_plain(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, list) and get_origin(field.annotation) is tuple:
            return tuple(value)  # YAML and JSON know no tuples
        if isinstance(value, Mapping) and isinstance(field.default, BaseModel):
            # A section that is given in part changes nothing but the keys that it gives.
            return {**field.default.model_dump(), **value}
        return value
