"""Step `original`: the target as the audit after a request of a sequence looks at it.

The target is trained once. What changes with every request is which of its rows are to be
forgotten, and so the parts that its answers belong to.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmu.specs.train import Original
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.variant import VariantFiles
from qmu.steps.io.writer import Writer
from qmu.tables import parquet


@dataclass(frozen=True, kw_only=True)
class Inputs(VariantFiles):
    """The target's five tables; ``pool``, and ``samples`` after the request."""

    pool: str
    samples: str


def run(inputs: Inputs, outputs: VariantFiles, spec: Original, job: Job) -> None:
    """Write the target's tables with the parts of its rows after the request."""
    data = samples.read(inputs.pool, inputs.samples, spec.experiment)
    job.clock.ready()
    write = Writer(spec)
    for kind in ("parameters", "history", "outputs", "cost", "timing"):
        table = parquet.read(getattr(inputs, kind), kind, experiment=spec.experiment)
        if kind == "outputs":
            table |= data.sample_columns()
        write(getattr(outputs, kind), kind, table)
