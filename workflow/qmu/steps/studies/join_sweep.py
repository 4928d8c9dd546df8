"""Step `join_sweep`: the sweeps of all models and variants in one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.specs.studies import JoinSweep
from qmu.steps.frame.job import Job
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``sweep`` of all models and variants."""

    sweeps: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """One table ``sweep``."""

    sweep: str


def run(inputs: Inputs, outputs: Outputs, spec: JoinSweep, job: Job) -> None:
    """Write the rows of all files in their order; what is over seeds comes first in each."""
    job.clock.ready()
    read = [tables.read(file, "sweep", experiment=spec.experiment) for file in inputs.sweeps]
    columns = {name: np.concatenate([table[name] for table in read]) for name in read[0]}
    Writer(spec)(outputs.sweep, "sweep", columns)
    job.report(f"{len(columns['value'])} rows of {len(read)} sweeps")
