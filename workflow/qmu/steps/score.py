"""Step `score`: every attack's score of every image on one variant of one model, all seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qmu import registry
from qmu.attacks.game import Evidence, ShadowModels, View
from qmu.steps.io.parameters import parameters_from
from qmu.steps.io.views import allowed, read_blocks, read_queries, view_of
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables

from .fit_attacks import SHARED

SAMPLE = ("sample_id", "label", "split", "forget")


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the scores of all attacks, one block of rows per seed and attack."""
    experiment = spec["experiment"]
    everything = parameters_from(tables.read(inputs["fitted"], "parameters", experiment=experiment))
    fleets = {
        kind: read_blocks(inputs[kind], experiment, spec["loss"], spec["indices"])
        for kind in ("shadows", "unlearned", "retrained")
        if inputs.get(kind)
    }
    right, calibration = _queries(inputs, spec, fleets.get("shadows"))
    clock.watch_compilation()
    clock.ready()
    blocks = []
    files = zip(spec["seeds"], inputs["outputs"], inputs["original"], strict=True)
    for seed, audited_file, original_file in files:
        audited = tables.read(audited_file, "outputs", experiment=experiment)
        original = tables.read(original_file, "outputs", experiment=experiment)
        view = view_of(audited, spec["loss"])
        if right is not None:
            view = replace(view, right=right[seed])
        evidence = Evidence(
            view_of(original, spec["loss"]),
            view,
            spec["forget_class"],
            calibration=calibration,
            **fleets,
        )
        for name, attack in spec["attacks"].items():
            report(f"seed {seed}: {name}")
            blocks.append(_score(name, attack, seed, evidence, everything, spec))
    columns = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
    Writer(spec)(outputs["scores"], "scores", columns)


def _score(name, attack, seed, evidence, everything, spec) -> dict[str, np.ndarray]:
    module = registry.load("attacks", attack["component"])
    owner = seed if module.CARD.fitted_on_target else SHARED
    prefix = f"{owner}/{name}/"
    fitted = {k.removeprefix(prefix): v for k, v in everything.items() if k.startswith(prefix)}
    names = (spec["root_seed"], "attack", name, spec["name"], seed)
    config = module.Config(**attack["settings"])
    scored = module.score(fitted, allowed(evidence, module.CARD), config, names)
    rows = len(scored.score)
    block = {column: getattr(evidence.audited, column) for column in SAMPLE}
    block["seed"] = np.full(rows, seed, np.int64)
    block["attack"] = np.full(rows, name, dtype=object)
    return block | {"score": scored.score, "decision": scored.decision, "fitted": scored.fitted}


def _queries(inputs, spec, shadows: ShadowModels | None):
    """Right answers on transformed copies by seed, and the calibrating shadow's view with its."""
    if not inputs.get("queries"):
        return None, None
    right = read_queries(inputs["queries"], spec["experiment"])
    first = shadows
    calibration = View(
        sample_id=first.sample_id,
        label=first.label,
        split=np.where(first.member[0], "retain_train", "retain_unseen").astype(object),
        forget=first.label == spec["forget_class"],
        member=first.member[0],
        logits=first.logits[0],
        loss=spec["loss"],
        right=right[None],
    )
    return right, calibration
