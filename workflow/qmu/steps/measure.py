"""Step `measure`: the figures of one variant of one model from its outputs and scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qmu import losses
from qmu.audit import device as audit_device
from qmu.audit import measure as audit
from qmu.audit.roc import roc_rows
from qmu.steps.io.figures import write_figures
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables
from qmu.tables.schemas import SCHEMAS

KINDS = ("outputs", "cost", "timing")


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the figures with their intervals, and the ROC curves."""
    experiment = spec["experiment"]
    settings = audit.Resampling((spec["root_seed"],), **spec["evaluation"])
    clock.ready()
    scores = tables.read(inputs["scores"], "scores", experiment=experiment)
    populations = _populations(inputs["fitted"], experiment)
    figures = []
    for number, seed in enumerate(spec["seeds"]):
        report(f"seed {seed}")
        read = {
            kind: tables.read(inputs[kind][number], kind, experiment=experiment)
            for kind in KINDS
            if kind in inputs
        }
        own = scores["seed"] == seed
        subject = audit.Subject(spec["name"], seed, spec["variant"], spec["device"])
        found = {
            "scores": {name: column[own] for name, column in scores.items()},
            "populations": populations.get(str(seed), {}),
            "settings": settings,
            **read,
        }
        if "ensemble" in inputs:
            reference = _reference(inputs, number, experiment)
            figures += audit.measure(subject, reference=reference, **found)
        else:
            figures += audit.answers(subject, **found)
            ideal = tables.read(inputs["ideal"][number], "outputs", experiment=experiment)
            figures += audit_device.signal(subject, read["outputs"], ideal, settings)
    write_figures(outputs["figures"], spec, figures, settings)
    rows = roc_rows(scores, spec["name"], spec["variant"], settings)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["roc"]}
    Writer(spec)(outputs["roc"], "roc", columns)
    report(f"{len(figures)} figures")


def _reference(inputs: Mapping[str, Any], number: int, experiment: str) -> audit.Reference:
    """The seed's retrained models: what a variant's answers and costs are compared with."""
    table = tables.read(inputs["ensemble"][number], "fleet_outputs", experiment=experiment)
    count = len(np.unique(table["model_index"]))
    logits = table["logits"].astype(np.float64)
    logits = logits.reshape(count, -1, logits.shape[-1])
    bill = tables.read(inputs["retrain_cost"][number], "cost", experiment=experiment)
    time = tables.read(inputs["retrain_timing"][number], "timing", experiment=experiment)
    return audit.Reference(
        np.exp(losses.log_probabilities(logits, np)),
        float(bill["gradient_evaluations"][0]),
        float(time["wall_seconds"][0]),
    )


def _populations(path: str, experiment: str) -> dict[str, dict[str, np.ndarray]]:
    """Seed -> attack -> the sample ids that the attack was published on, where it has such."""
    stored = tables.read(path, "parameters", experiment=experiment)
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, values in zip(stored["name"], stored["values"], strict=True):
        seed, attack, key = str(name).split("/", 2)
        if key == "population_sample_id":
            found.setdefault(seed, {})[attack] = values.astype(np.int64)
    return found
