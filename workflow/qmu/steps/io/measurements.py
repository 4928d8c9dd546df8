"""Writes measurements of one variant in the summary's columns: over seeds first, then by seed."""

from __future__ import annotations

from collections.abc import Sequence

from qmu.audit.measure import aggregate_rows, model_rows
from qmu.audit.measurement import Measurement, Resampling
from qmu.specs.audit import Audited
from qmu.tables.schemas import SCHEMAS

from .writer import Writer


def resampling(spec: Audited) -> Resampling:
    """How the spec's intervals are drawn."""
    return Resampling((spec.root_seed,), spec.intervals.confidence, spec.intervals.resamples)


def write_measurements(path: str, spec: Audited, measurements: Sequence[Measurement]) -> None:
    """The table ``measurements``; one of no seed (of the shadow fleet) has its own row only."""
    rows = aggregate_rows(measurements, resampling(spec))
    rows += model_rows(one for one in measurements if one.subject.seed is not None)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["measurements"]}
    Writer(spec)(path, "measurements", columns)
