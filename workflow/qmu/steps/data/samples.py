"""Step `samples`: one seed's train, test, validation and unseen rows, and what to forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmu.data import splits
from qmu.errors import QmuError
from qmu.specs.data import Samples
from qmu.steps.frame.job import Job
from qmu.steps.io.samples import Asked, read, read_pool, read_request
from qmu.steps.io.writer import Writer

NEEDED = ("forget_train", "forget_test", "retain_train", "retain_test", "retain_validation")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool`` and ``request``; in a sequence of requests the table ``samples`` that all
    seeds share."""

    pool: str
    request: str
    shared: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``samples``."""

    samples: str


def run(inputs: Inputs, outputs: Outputs, spec: Samples, job: Job) -> None:
    """Write the samples table in the pool's order."""
    pool = read_pool(inputs.pool, spec.experiment)
    asked = read_request(inputs.request, pool, spec.experiment)
    job.clock.ready()
    if inputs.shared:
        parts = read(inputs.pool, inputs.shared[0], spec.experiment).parts
    else:
        parts = _drawn(spec, asked, len(pool["label"]))
    split = splits.splits(parts, asked.rows)
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
        "forget": asked.rows,
    }
    if asked.earlier.any():
        columns["earlier"] = asked.earlier
    Writer(spec)(outputs.samples, "samples", columns)
    names, numbers = np.unique(split, return_counts=True)
    job.report(", ".join(f"{n} {count}" for n, count in zip(names, numbers, strict=True)))


def _drawn(spec: Samples, asked: Asked, rows: int) -> np.ndarray:
    """One seed's own part of every row (n,)."""
    counts = {part: getattr(spec, part) for part in ("train", "test", "validation")}
    drawn = (spec.root_seed, spec.seed, rows, counts)
    try:
        return splits.draw_parts(*drawn, asked.rows, asked.requested)
    except ValueError as error:
        raise QmuError(f"samples: {error} do not fit the samples asked for") from None
