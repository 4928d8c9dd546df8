"""Step `report`: the figures and the self-contained page."""

from __future__ import annotations

import json
from pathlib import Path

from .. import tables
from ..report.build import build
from ..report.evidence import cards, gather


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
        config=config,
        manifest=json.loads(Path(inputs["manifest"]).read_text(encoding="utf-8")),
        cards=cards(config),
    )
    clock.ready()
    build(evidence, Path(outputs["svg"][0]).parent, outputs["report"])
    report(f"{len(outputs['svg'])} figures and {outputs['report']}")
