"""Step `samples`: one seed's train, test, validation and unseen images, and what to forget."""

from __future__ import annotations

import numpy as np

from qmu.data import splits as sampling
from qmu.errors import QmuError
from qmu.steps.io.samples import read_pool
from qmu.steps.io.writer import Writer


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the samples table in the pool's order."""
    pool = read_pool(inputs["pool"], spec["experiment"])
    clock.ready()
    counts = {part: spec["samples"][part] for part in ("train", "test", "validation")}
    parts = sampling.draw_parts(spec["root_seed"], spec["seed"], len(pool["label"]), counts)
    forget = pool["label"] == spec["forget_class"]
    split = sampling.splits(parts, forget)
    groups = ("forget_train", "forget_test", "retain_train", "retain_test", "retain_validation")
    for name in groups:
        if not np.any(split == name):
            part = name.rpartition("_")[2]
            raise QmuError(
                f"samples: seed {spec['seed']} draws no image for {name}; raise samples.{part}"
            )
    columns = {
        "sample_id": pool["sample_id"],
        "label": pool["label"],
        "split": split,
        "forget": forget,
    }
    Writer(spec)(outputs["samples"], "samples", columns)
    names, numbers = np.unique(split, return_counts=True)
    report(", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True)))
