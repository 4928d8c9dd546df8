"""Writes what every variant of a model leaves behind: parameters, history, outputs, cost, time."""

from __future__ import annotations

from ..evaluation import evaluate
from .write import Writer, parameter_columns


def write_variant(outputs, spec, model, data, rows, parameters, history, ledger, clock) -> None:
    """Evaluate the model on every pool image and write its five tables.

    ``clock`` must be stopped: evaluating is not part of a method's time.
    """
    write = Writer(spec)
    write(outputs["parameters"], "parameters", parameter_columns(parameters))
    write(outputs["history"], "history", history)
    evaluated = evaluate(model, parameters, rows)
    write(outputs["outputs"], "outputs", {**data.sample_columns(), **evaluated})
    write(outputs["cost"], "cost", ledger.columns(model.circuit_parameters))
    write(outputs["timing"], "timing", clock.columns())
