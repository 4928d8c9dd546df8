"""Step `summary`: every figure of every model, seed and variant, and what made them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import audit, losses, tables
from ..audit_tables import terminal_table
from ..schemas import SCHEMAS
from .manifest import write_manifest
from .write import Writer

Cell = tuple[str, int, str]


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the summary as Parquet, CSV and text, and the manifest."""
    config = spec["config"]
    settings = audit.Settings(
        names=(spec["root_seed"],),
        confidence=config["common"]["evaluation"]["confidence"],
        resamples=config["common"]["evaluation"]["bootstrap"],
    )
    clock.ready()
    figures = []
    for cell, found in _cells(inputs, spec):
        report(f"{cell[0]}, seed {cell[1]}, {cell[2]}")
        device = config["common"]["simulation"]["device"]
        subject = audit.Subject(cell[0], cell[1], cell[2], device)
        figures += audit.measure(subject, **found, settings=settings)
    report(f"{len(figures)} figures; means over seeds")
    rows = audit.aggregate_rows(figures, settings) + audit.model_rows(figures)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["summary"]}
    Writer(spec)(outputs["summary"], "summary", columns)
    _write_csv(outputs["csv"], columns)
    with tables.atomic(outputs["text"]) as temporary:
        text = terminal_table(rows, confidence=settings.confidence)
        temporary.write_text(text + "\n", encoding="utf-8")
    write_manifest(outputs["manifest"], spec, inputs)
    report(text)


def _cells(inputs: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[tuple[Cell, dict]]:
    """Every (model, seed, variant) with the tables that `audit.measure` takes."""
    config, experiment = spec["config"], spec["experiment"]
    variants = ["target", "retrain", *config["unlearning"]]
    names = [
        (model, seed, variant)
        for model in config["models"]
        for seed in config["common"]["seeds"]
        for variant in variants
    ]
    files = {
        kind: dict(zip(names, inputs[kind], strict=True))
        for kind in ("outputs", "cost", "timing", "scores")
    }
    pairs = list(dict.fromkeys((model, seed) for model, seed, _ in names))
    ensembles = dict(zip(pairs, inputs["ensemble"], strict=True))
    fitted = dict(zip(pairs, inputs["fitted"], strict=True))
    for model, seed in pairs:
        retrain = (model, seed, "retrain")
        reference = _reference(
            ensembles[model, seed], files["cost"][retrain], files["timing"][retrain], experiment
        )
        populations = _populations(fitted[model, seed], experiment)
        for variant in variants:
            cell = (model, seed, variant)
            read = {
                kind: tables.read(by_cell[cell], kind, experiment=experiment)
                for kind, by_cell in files.items()
            }
            yield cell, {**read, "reference": reference, "populations": populations}


def _reference(ensemble: str, cost: str, timing: str, experiment: str) -> audit.Reference:
    table = tables.read(ensemble, "fleet_outputs", experiment=experiment)
    count = len(np.unique(table["model_index"]))
    logits = table["logits"].astype(np.float64)
    logits = logits.reshape(count, -1, logits.shape[-1])
    bill = tables.read(cost, "cost", experiment=experiment)
    time = tables.read(timing, "timing", experiment=experiment)
    return audit.Reference(
        np.exp(losses.log_probabilities(logits, np)),
        float(bill["gradient_evaluations"][0]),
        float(time["wall_seconds"][0]),
    )


def _populations(path: str, experiment: str) -> dict[str, np.ndarray]:
    """The sample ids that an attack was published on, for the attacks that have such a set."""
    stored = tables.read(path, "parameters", experiment=experiment)
    end = "/population_sample_id"
    return {
        name.removesuffix(end): values.astype(np.int64)
        for name, values in zip(stored["name"], stored["values"], strict=True)
        if name.endswith(end)
    }


def _write_csv(path: str, columns: Mapping[str, Sequence[Any]]) -> None:
    with tables.atomic(path) as temporary, open(temporary, "w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        rows = zip(*columns.values(), strict=True)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
