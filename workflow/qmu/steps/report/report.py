"""Step `report`: the figures and the self-contained page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from qmu.errors import QmuError
from qmu.report.build import build
from qmu.report.evidence.cards import cards
from qmu.report.evidence.results import gather
from qmu.specs.report import Report as ReportSpec
from qmu.steps.frame.job import Job
from qmu.tables import parquet
from qmu.variants import BASELINES, cells


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``summary``, ``verdicts`` and ``records``, the manifest; ``roc`` of all variants,
    ``outputs`` of all of them and seeds; ``history`` of these and ``cost`` of the methods where the
    models were made here; ``earlier``: the summaries after each earlier request of a sequence;
    ``sweep``, ``signal`` and ``trials`` where the experiment has them."""

    summary: str
    manifest: str
    verdicts: str
    records: str
    roc: list[str]
    history: list[str]
    outputs: list[str]
    cost: list[str]
    earlier: list[str]
    sweep: list[str]
    signal: list[str]
    trials: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The page, and the figures as SVG and PNG."""

    report: str
    svg: list[str]
    png: list[str]


def run(inputs: Inputs, outputs: Outputs, spec: ReportSpec, job: Job) -> None:
    """Draw every figure as SVG and PNG and write the HTML report."""
    config, experiment = spec.config, spec.experiment

    def read(kind: str, without: tuple[str, ...] = ()) -> dict:
        files = getattr(inputs, kind)
        keys = cells(spec.variants, config["common"]["seeds"], without) if files else ()
        found = zip(keys, files, strict=True)
        return {key: parquet.read(file, kind, experiment=experiment) for key, file in found}

    evidence = gather(
        parquet.read(inputs.summary, "summary", experiment=experiment),
        histories=read("history"),
        outputs=read("outputs"),
        cost=read("cost", BASELINES),
        curves=[parquet.read(file, "roc", experiment=experiment) for file in inputs.roc],
        verdicts=parquet.read(inputs.verdicts, "verdicts", experiment=experiment),
        records=parquet.read(inputs.records, "records", experiment=experiment),
        earlier=[parquet.read(file, "summary", experiment=experiment) for file in inputs.earlier],
        sweep=parquet.read(inputs.sweep[0], "sweep", experiment=experiment)
        if inputs.sweep
        else None,
        signal=[parquet.read(file, "signal", experiment=experiment) for file in inputs.signal],
        trials=[parquet.read(file, "trials", experiment=experiment) for file in inputs.trials],
        config=config,
        manifest=_manifest(inputs.manifest),
        cards=cards(config),
        left_out=spec.left_out,
    )
    job.clock.ready()
    build(evidence, Path(outputs.svg[0]).parent, outputs.report)
    job.report(f"{len(outputs.svg)} figures and {outputs.report}")


def _manifest(path: str) -> dict:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise QmuError(f"{path}: not readable; remove the file and run again") from None
