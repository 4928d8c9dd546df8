"""Step `shared_samples`: the split of a sequence of requests, the same for all seeds.

It is drawn before anyone asks, so that a request that comes later finds its rows trained on by the
target of every seed, and the targets stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.data import splits
from qmu.specs.data import SharedSamples
from qmu.steps.frame.job import Job
from qmu.steps.io.samples import read_pool
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``."""

    pool: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``samples``, in which nothing is to be forgotten yet."""

    samples: str


def run(inputs: Inputs, outputs: Outputs, spec: SharedSamples, job: Job) -> None:
    """Write the samples table in the pool's order."""
    pool = read_pool(inputs.pool, spec.experiment)
    job.clock.ready()
    counts = {part: getattr(spec, part) for part in ("train", "test", "validation")}
    included = np.isin(pool["sample_id"], spec.included)
    group = None if spec.group is None else pool[spec.group]
    parts = splits.shared_parts(spec.root_seed, counts, included, group)
    none = np.zeros(len(parts), bool)
    columns = {
        "sample_id": pool["sample_id"],
        "label": pool["label"],
        "split": splits.splits(parts, none),
        "forget": none,
    }
    Writer(spec)(outputs.samples, "samples", columns)
    job.report(f"{spec.train} rows that the targets of all seeds train on")
