"""Step `evaluation`: all measurements in one long table, the verdicts, and what made them."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.audit.verdicts.power import false_accusations, smallest_residue
from qmu.audit.verdicts.verdicts import Stops, Verdict, verdicts
from qmu.report.evidence.cards import cards
from qmu.report.sentences.words import left_out, opening
from qmu.report.terminal import terminal_table
from qmu.specs.audit import Evaluation
from qmu.steps.frame.job import Job
from qmu.steps.io.manifest import write_manifest
from qmu.steps.io.writer import Writer
from qmu.tables import parquet
from qmu.tables.files import atomic
from qmu.tables.schemas import SCHEMAS
from qmu.variants import BASELINES, cells

Row = dict[str, Any]

# Kinds of variants whose verdicts are printed one by one.
SINGLE = ("method", "control")

WIDTH = 118
"""Characters in a line of the terminal's verdicts."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``measurements`` of all variants, from scores, measures of quality and further
    devices; their ``records``; all ``outputs``; ``cost`` of the methods, none where they ran
    elsewhere; receipts and calibrations of IBM jobs, in one order."""

    measurements: list[str]
    quality: list[str]
    devices: list[str]
    records: list[str]
    outputs: list[str]
    cost: list[str]
    jobs: list[str]
    calibrations: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The summary as table ``summary``, as CSV and as text; tables ``verdicts`` and ``records``;
    the manifest."""

    summary: str
    csv: str
    text: str
    verdicts: str
    records: str
    manifest: str


def run(inputs: Inputs, outputs: Outputs, spec: Evaluation, job: Job) -> None:
    """Write the summary in three forms, the verdicts, the records, and the manifest."""
    job.clock.ready()
    files = [*inputs.measurements, *inputs.quality, *inputs.devices]
    rows = _rows(files, spec.experiment)
    further = spec.config["devices"]
    simulated = [row for row in rows if row["device"] not in further]
    judged = verdicts(simulated, spec.config, _stops(inputs.cost, spec))
    write = Writer(spec)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["summary"]}
    write(outputs.summary, "summary", columns)
    _write_csv(outputs.csv, columns)
    write(
        outputs.verdicts,
        "verdicts",
        {name: [getattr(verdict, name) for verdict in judged] for name in SCHEMAS["verdicts"]},
    )
    read = [parquet.read(file, "records", experiment=spec.experiment) for file in inputs.records]
    write(
        outputs.records,
        "records",
        {name: np.concatenate([table[name] for table in read]) for name in SCHEMAS["records"]},
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
    parts = [terminal_table(simulated, attacks, confidence), "", *verdict_lines(judged, confidence)]
    parts += ["", *said] if (said := left_out(spec.left_out)) else []
    if further:
        rows = [row | {"model": f"{row['model']} on {row['device']}"} for row in further]
        parts += ["", "Further devices", "", terminal_table(rows, attacks, confidence)]
    return "\n".join(parts)


def _stops(files: Sequence[str], spec: Evaluation) -> Stops:
    """Why each method stopped, by model, variant and seed, from the tables ``cost``."""
    found: dict[str, dict[str, dict[int, str]]] = {}
    keys = cells(spec.variants, spec.config["common"]["seeds"], BASELINES)
    for (model, seed, variant), file in zip(keys if files else (), files, strict=True):
        table = parquet.read(file, "cost", experiment=spec.experiment)
        found.setdefault(model, {}).setdefault(variant, {})[seed] = str(table["stopped"][0])
    return found


def verdict_lines(judged: Sequence[Verdict], confidence: float) -> list[str]:
    """Per method and control the verdict and the first of its reasons, on lines of at most `WIDTH`
    characters, what was said before of the same model by whom it was said of; per model one line
    on the ladder and one on the innocent."""
    width = max((len(_name(one)) for one in judged if one.kind in SINGLE), default=0)
    lines = ["Verdicts (the gravest; all that holds, and the evidence, stand in the report)"]
    for model in dict.fromkeys(one.model for one in judged):
        own, said = [one for one in judged if one.model == model], {}
        for one in own:
            if one.kind in SINGLE:
                text = opening(one.sentence).rstrip(".")
                first = said.setdefault(text, one.variant)
                lines += textwrap.wrap(
                    text if first == one.variant else f"As {first}",
                    WIDTH,
                    initial_indent=f"  {_name(one):<{width}}  ",
                    subsequent_indent=" " * (width + 4),
                    break_on_hyphens=False,
                )
        accused = {one.variant: one.accused for one in own}
        if any(one.kind == "ladder" for one in own):
            smallest = smallest_residue(accused)
            seen = "none" if smallest is None else f"{100 * smallest:.3g}% of the forget set"
            lines.append(f"  {model}: smallest residue seen: {seen}")
        found = false_accusations(accused, confidence)
        if found is not None:
            low, high = found.interval
            text = f"{len(found.accused)} of {found.count} [{low:.2g}, {high:.2g}]"
            lines.append(f"  {model}: false accusations: {text}")
    return lines


def _name(one: Verdict) -> str:
    return f"{one.model}, {one.variant}"


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
