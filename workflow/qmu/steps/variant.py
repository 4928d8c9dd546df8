"""Writes what every variant of a model leaves behind: parameters, history, outputs, cost, time."""

from __future__ import annotations

from .write import Writer, parameter_columns


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
