"""Step `report`: the figures and the self-contained page."""

from __future__ import annotations

import json
from pathlib import Path

from .. import tables
from ..errors import QmuError
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
        _labelled(tables.read(inputs["summary"], "summary", experiment=experiment), config),
        histories=read("history"),
        outputs=read("outputs"),
        curves=_curves(inputs, config, experiment),
        verdicts=tables.read(inputs["verdicts"], "verdicts", experiment=experiment),
        sweep=tables.read(inputs["sweep"][0], "sweep", experiment=experiment)
        if inputs.get("sweep")
        else None,
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


def _labelled(summary: dict, config: dict) -> dict:
    """The summary with further devices' figures under names such as ``hqnn on noisy``; those of
    the simulation keep the model's own name, beside histories, outputs and costs."""
    rows = zip(summary["model"], summary["device"], strict=True)
    further = config["devices"]
    model = [_on(model, device) if device in further else model for model, device in rows]
    main = config["common"]["simulation"]["device"]
    device = [main if device in further else device for device in summary["device"]]
    return summary | {"model": model, "device": device}


def _curves(inputs: dict, config: dict, experiment: str) -> list[dict]:
    """The ROC tables of the simulation, then of further devices under the names of `_labelled`."""
    found = [tables.read(file, "roc", experiment=experiment) for file in inputs["roc"]]
    variants = ("target", "retrain", *config["unlearning"])
    each = [
        (device, model)
        for device in config["devices"]
        for model in config["models"]
        for _ in variants
    ]
    for (device, model), file in zip(each, inputs.get("roc_on", []), strict=True):
        table = tables.read(file, "roc", experiment=experiment)
        found.append(table | {"model": [_on(model, device)] * len(table["model"])})
    return found


def _on(model: str, device: str) -> str:
    return f"{model} on {device}"
