"""Step `score`: every attack's score of every sample on one variant of one model."""

from __future__ import annotations

import numpy as np

from .. import registry, tables
from .views import view_of
from .write import Writer, parameters_from

SAMPLE = ("sample_id", "label", "split", "forget")


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the scores of all attacks, one block of rows per attack."""
    audited = tables.read(inputs["outputs"], "outputs", experiment=spec["experiment"])
    stored = tables.read(inputs["fitted"], "parameters", experiment=spec["experiment"])
    everything = parameters_from(stored)
    view = view_of(audited, spec["loss"])
    clock.watch_compilation()
    clock.ready()
    blocks = []
    for name, attack in spec["attacks"].items():
        report(f"scoring with {name}")
        module = registry.load("attacks", attack["component"])
        names = (spec["root_seed"], "attack", name, spec["name"], spec["seed"])
        prefix = f"{name}/"
        fitted = {k.removeprefix(prefix): v for k, v in everything.items() if k.startswith(prefix)}
        scored = module.score(fitted, view, module.Config(**attack["settings"]), names)
        block = {column: audited[column] for column in SAMPLE}
        block["attack"] = np.full(len(view.label), name, dtype=object)
        block |= {"score": scored.score, "decision": scored.decision, "fitted": scored.fitted}
        blocks.append(block)
    columns = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
    Writer(spec)(outputs["scores"], "scores", columns)
