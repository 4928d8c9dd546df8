"""What every variant of a model leaves behind: parameters, history, outputs, cost, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from qmu.specs.base import Spec

from .parameters import parameter_columns
from .writer import Writer


@dataclass(frozen=True, kw_only=True)
class VariantFiles:
    """A model's five tables."""

    parameters: str
    history: str
    outputs: str
    cost: str
    timing: str

    @classmethod
    def of_many(cls, files: ManyFiles, number: int) -> VariantFiles:
        """The tables of one of several models."""
        return cls(**{field.name: getattr(files, field.name)[number] for field in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class ManyFiles:
    """The five tables of several models of one job, in its order."""

    parameters: list[str]
    history: list[str]
    outputs: list[str]
    cost: list[str]
    timing: list[str]


def write_variant(
    files: VariantFiles, spec: Spec, parameters: Mapping[str, Any], **columns: Mapping[str, Any]
) -> None:
    """Write the five tables from ``parameters`` and the columns of the others by kind."""
    write = Writer(spec)
    for kind, values in {"parameters": parameter_columns(parameters), **columns}.items():
        write(getattr(files, kind), kind, values)
