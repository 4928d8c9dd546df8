"""Step `query`: what a model answers on transformed copies of the images, for label-only attacks.

One job asks one variant of one model for all seeds, and shadow model 0, which calibrates. That is
the same for all variants of a model: the target's job asks it, the others take its answers over.
The transformations are the attack's own (``attack.copies``).
"""

from __future__ import annotations

import numpy as np

from qmu import registry
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.steps.io.parameters import parameters_from, read_fleet_parameters
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables

from .io import samples as seed_data


def run(inputs, outputs, spec, report, clock) -> None:
    """Write, per seed and image, whether each copy was named rightly."""
    experiment = spec["experiment"]
    everything = tables.read(inputs["pool"], "pool", experiment=experiment)
    pool = seed_data.read_pool(inputs["pool"], experiment)
    model = models.build(**spec["model"])
    found = [
        (seed, parameters_from(tables.read(path, "parameters", experiment=experiment)))
        for seed, path in zip(spec["seeds"], inputs["parameters"], strict=True)
    ]
    asked = inputs.get("asked")
    if not asked:
        found.append((None, read_fleet_parameters(inputs["shadow"], experiment)[0]))
    clock.watch_compilation()
    clock.ready()
    attack = registry.load("attacks", spec["attack"])
    config = attack.Config(**spec["settings"])
    names = (spec["root_seed"], "queries", spec["attack"])
    copies = list(attack.copies(everything, pool, model.module.CARD.inputs, config, names))
    rows: dict[str, list] = {"seed": [], "sample_id": [], "right": []}
    for seed, parameters in found:
        values = model.convert(parameters)
        answers = [
            evaluate(model, values, model.inputs(copy))["logits"].argmax(axis=-1) == pool["label"]
            for copy in copies
        ]
        report(f"seed {seed}: {len(copies)} copies of {len(pool['label'])} images")
        rows["seed"] += [seed] * len(pool["label"])
        rows["sample_id"].append(pool["sample_id"])
        rows["right"].append(np.stack(answers, axis=1).astype(np.uint8))
    if asked:
        _take_over(tables.read(asked, "queries", experiment=experiment), rows)
    columns = {name: np.concatenate(rows[name]) for name in ("sample_id", "right")}
    Writer(spec)(outputs["queries"], "queries", {"seed": rows["seed"], **columns})


def _take_over(known: dict[str, np.ndarray], rows: dict[str, list]) -> None:
    """Append the shadow model's answers from the table of another variant."""
    calibrating = np.array([seed is None for seed in known["seed"].tolist()])
    rows["seed"] += [None] * int(calibrating.sum())
    for name in ("sample_id", "right"):
        rows[name].append(known[name][calibrating])
