"""Step `evaluation`: all measurements in one long table, the verdicts, and what made them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmu.audit.verdicts.verdicts import Verdict, verdicts
from qmu.report.results.cards import cards
from qmu.report.terminal import terminal_table
from qmu.specs.audit import Evaluation
from qmu.steps.frame.job import Job
from qmu.steps.io.manifest import write_manifest
from qmu.steps.io.writer import Writer
from qmu.tables import parquet
from qmu.tables.files import atomic
from qmu.tables.schemas import SCHEMAS

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``measurements`` of all variants, from scores, measures of quality and further
    devices; all ``outputs``; ``cost`` of the methods; records and calibrations of IBM jobs, in one
    order."""

    measurements: list[str]
    quality: list[str]
    devices: list[str]
    outputs: list[str]
    cost: list[str]
    jobs: list[str]
    calibrations: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The summary as table ``summary``, as CSV and as text; table ``verdicts``; the manifest."""

    summary: str
    csv: str
    text: str
    verdicts: str
    manifest: str


def run(inputs: Inputs, outputs: Outputs, spec: Evaluation, job: Job) -> None:
    """Write the summary in three forms, the verdicts, and the manifest."""
    job.clock.ready()
    files = [*inputs.measurements, *inputs.quality, *inputs.devices]
    rows = _rows(files, spec.experiment)
    further = spec.config["devices"]
    simulated = [row for row in rows if row["device"] not in further]
    judged = verdicts(simulated, spec.config)
    write = Writer(spec)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["summary"]}
    write(outputs.summary, "summary", columns)
    _write_csv(outputs.csv, columns)
    write(
        outputs.verdicts,
        "verdicts",
        {name: [getattr(verdict, name) for verdict in judged] for name in SCHEMAS["verdicts"]},
    )
    text = _text(simulated, [row for row in rows if row["device"] in further], judged, spec)
    with atomic(outputs.text) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    write_manifest(outputs.manifest, spec, [*files, *inputs.outputs], inputs)
    job.report(text)


def _text(
    simulated: Sequence[Row], further: Sequence[Row], judged: Sequence[Verdict], spec: Evaluation
) -> str:
    confidence = spec.config["common"]["evaluation"]["confidence"]
    attacks = cards(spec.config).attacks
    parts = [terminal_table(simulated, attacks, confidence), "", *verdict_lines(judged)]
    if further:
        rows = [row | {"model": f"{row['model']} on {row['device']}"} for row in further]
        parts += ["", "Further devices", "", terminal_table(rows, attacks, confidence)]
    return "\n".join(parts)


def verdict_lines(judged: Sequence[Verdict]) -> list[str]:
    """One line per model and variant: the verdict and the first of its reasons."""
    width = max((len(f"{v.model}, {v.variant}") for v in judged), default=0)
    lines = ["Verdicts (the gravest; all that holds, and the evidence, stand in the report)"]
    for verdict in judged:
        name = f"{verdict.model}, {verdict.variant}"
        lines.append(f"  {name:<{width}}  {verdict.sentence.partition('; ')[0].rstrip('.')}")
    return lines


def _rows(files: Sequence[str], experiment: str) -> list[Row]:
    """All measurements: what is over seeds first, then single seeds, in the order of the files."""
    rows = []
    for file in files:
        table = parquet.read(file, "measurements", experiment=experiment)
        for values in zip(*table.values(), strict=True):
            rows.append({name: _plain(value) for name, value in zip(table, values, strict=True)})
    return sorted(rows, key=lambda row: row["seed"] is not None)


def _plain(value: Any) -> Any:
    """A table's cell as a Python value; the missing ones of a float column are NaN-free Nones."""
    return value.item() if hasattr(value, "item") else value


def _write_csv(path: str, columns: Mapping[str, Sequence[Any]]) -> None:
    with atomic(path) as temporary, open(temporary, "w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        rows = zip(*columns.values(), strict=True)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
