"""Writes figures of one variant in the summary's columns: over seeds first, then seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qmu.audit import measure as audit
from qmu.tables.schemas import SCHEMAS

from .writer import Writer


def write_figures(
    path: str,
    spec: Mapping[str, Any],
    figures: Sequence[audit.Measurement],
    settings: audit.Resampling,
) -> None:
    """The table ``figures``; a figure of no seed (of the shadow fleet) has its own row only."""
    rows = audit.aggregate_rows(figures, settings)
    rows += audit.model_rows(figure for figure in figures if figure.subject.seed is not None)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["figures"]}
    Writer(spec)(path, "figures", columns)
