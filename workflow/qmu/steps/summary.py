"""Step `summary`: every figure in one long table, the verdicts, and what made them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

from qmu.audit.verdicts.verdicts import Verdict, verdicts
from qmu.report.results.cards import cards
from qmu.report.terminal import terminal_table
from qmu.steps.io.manifest import write_manifest
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables
from qmu.tables.schemas import SCHEMAS


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the summary as Parquet, CSV and text, the verdicts, and the manifest."""
    clock.ready()
    kinds = ("figures", "quality", "devices")
    files = [file for kind in kinds for file in inputs.get(kind) or []]
    rows = _rows(files, spec["experiment"])
    write = Writer(spec)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["summary"]}
    write(outputs["summary"], "summary", columns)
    _write_csv(outputs["csv"], columns)
    simulated = [row for row in rows if row["device"] not in spec["config"]["devices"]]
    found = verdicts(simulated, spec["config"])
    write(
        outputs["verdicts"],
        "verdicts",
        {name: [getattr(verdict, name) for verdict in found] for name in SCHEMAS["verdicts"]},
    )
    confidence = spec["config"]["common"]["evaluation"]["confidence"]
    attacks = cards(spec["config"]).attacks
    parts = [terminal_table(simulated, attacks, confidence), "", *verdict_lines(found)]
    if len(simulated) < len(rows):
        further = [
            row | {"model": f"{row['model']} on {row['device']}"}
            for row in rows
            if row["device"] in spec["config"]["devices"]
        ]
        parts += ["", "Further devices", "", terminal_table(further, attacks, confidence)]
    text = "\n".join(parts)
    with tables.atomic(outputs["text"]) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    write_manifest(outputs["manifest"], spec, inputs)
    report(text)


def verdict_lines(found: Sequence[Verdict]) -> list[str]:
    """One line per model and variant: the verdict and the first of its reasons."""
    width = max((len(f"{v.model}, {v.variant}") for v in found), default=0)
    lines = ["Verdicts (the gravest; all that holds, and the evidence, stand in the report)"]
    for verdict in found:
        name = f"{verdict.model}, {verdict.variant}"
        lines.append(f"  {name:<{width}}  {verdict.sentence.partition('; ')[0].rstrip('.')}")
    return lines


def _rows(files: Sequence[str], experiment: str) -> list[dict[str, Any]]:
    """All figures: what is over seeds first, then single seeds, each in the order of the files."""
    found = []
    for file in files:
        table = tables.read(file, "figures", experiment=experiment)
        for values in zip(*table.values(), strict=True):
            found.append({name: _plain(value) for name, value in zip(table, values, strict=True)})
    return sorted(found, key=lambda row: row["seed"] is not None)


def _plain(value: Any) -> Any:
    """A table's cell as a Python value; the missing ones of a float column are NaN-free Nones."""
    return value.item() if hasattr(value, "item") else value


def _write_csv(path: str, columns: Mapping[str, Sequence[Any]]) -> None:
    with tables.atomic(path) as temporary, open(temporary, "w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        rows = zip(*columns.values(), strict=True)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
