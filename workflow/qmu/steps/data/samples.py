"""Step `samples`: one seed's train, test, validation and unseen rows, and what to forget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.data import splits
from qmu.errors import QmuError
from qmu.specs.data import Samples
from qmu.steps.frame.job import Job
from qmu.steps.io.samples import read_pool, read_request
from qmu.steps.io.writer import Writer

NEEDED = ("forget_train", "forget_test", "retain_train", "retain_test", "retain_validation")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool`` and ``request``."""

    pool: str
    request: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``samples``."""

    samples: str


def run(inputs: Inputs, outputs: Outputs, spec: Samples, job: Job) -> None:
    """Write the samples table in the pool's order."""
    pool = read_pool(inputs.pool, spec.experiment)
    marked = read_request(inputs.request, pool, spec.experiment)
    job.clock.ready()
    counts = {part: getattr(spec, part) for part in ("train", "test", "validation")}
    drawn = (spec.root_seed, spec.seed, len(pool["label"]), counts)
    try:
        parts = splits.draw_parts(*drawn, marked.rows, marked.requested)
    except ValueError as error:
        raise QmuError(f"samples: {error} do not fit the samples asked for") from None
    split = splits.splits(parts, marked.rows)
    for name in NEEDED:
        if not np.any(split == name):
            part = name.rpartition("_")[2]
            raise QmuError(
                f"samples: seed {spec.seed} draws no row for {name}; raise samples.{part}"
            )
    columns = {
        "sample_id": pool["sample_id"],
        "label": pool["label"],
        "split": split,
        "forget": marked.rows,
    }
    Writer(spec)(outputs.samples, "samples", columns)
    names, numbers = np.unique(split, return_counts=True)
    job.report(", ".join(f"{n} {count}" for n, count in zip(names, numbers, strict=True)))
