"""Step `report`: the figures and the self-contained page."""

from __future__ import annotations

import json
from pathlib import Path

from qmu.errors import QmuError
from qmu.report.build import build
from qmu.report.results.cards import cards
from qmu.report.results.results import gather
from qmu.tables import parquet as tables


def run(inputs, outputs, spec, report, clock) -> None:
    """Draw every figure as SVG and PNG and write the HTML report."""
    config, experiment = spec["config"], spec["experiment"]
    keys = [
        (model, seed, variant)
        for model in config["models"]
        for seed in config["common"]["seeds"]
        for variant in ("target", "retrain", *config["unlearning"])
    ]

    def read(kind: str) -> dict:
        files = zip(keys, inputs[kind], strict=True)
        return {key: tables.read(file, kind, experiment=experiment) for key, file in files}

    evidence = gather(
        tables.read(inputs["summary"], "summary", experiment=experiment),
        histories=read("history"),
        outputs=read("outputs"),
        curves=[tables.read(file, "roc", experiment=experiment) for file in inputs["roc"]],
        verdicts=tables.read(inputs["verdicts"], "verdicts", experiment=experiment),
        sweep=tables.read(inputs["sweep"][0], "sweep", experiment=experiment)
        if inputs.get("sweep")
        else None,
        signal=[
            tables.read(file, "signal", experiment=experiment) for file in inputs.get("signal", [])
        ],
        config=config,
        manifest=_manifest(inputs["manifest"]),
        cards=cards(config),
    )
    clock.ready()
    build(evidence, Path(outputs["svg"][0]).parent, outputs["report"])
    report(f"{len(outputs['svg'])} figures and {outputs['report']}")


def _manifest(path: str) -> dict:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise QmuError(f"{path}: not readable; remove the file and run again") from None
