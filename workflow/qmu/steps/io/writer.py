"""Writes the tables that several steps share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qmu.tables import parquet as tables

from .parameters import parameter_columns


class Writer:
    """Writes tables with the experiment and the code digest of a job's spec."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.stamp = {"experiment": spec["experiment"], "code_digest": spec["code_digest"]}

    def __call__(self, path: str, kind: str, columns: Mapping[str, object]) -> None:
        tables.write(path, kind, columns, **self.stamp)


def write_variant(
    outputs, spec, model, data, evaluated, parameters, history, ledger, clock
) -> None:
    """Write a model's five tables; ``evaluated`` are its outputs on every pool image.

    ``clock`` must be stopped before evaluating, which is not part of a method's time.
    """
    write = Writer(spec)
    write(outputs["parameters"], "parameters", parameter_columns(parameters))
    write(outputs["history"], "history", history)
    write(outputs["outputs"], "outputs", {**data.sample_columns(), **evaluated})
    write(outputs["cost"], "cost", ledger.columns(model.circuit_parameters))
    write(outputs["timing"], "timing", clock.columns())
