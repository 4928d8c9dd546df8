"""Step `decode`: from the raw results of one model's IBM jobs to a table of outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.errors import QmuError
from qmu.ibm.decode import expectations
from qmu.ibm.jobs import raw_result
from qmu.ibm.stored import read_prepared
from qmu.models import model as models
from qmu.models.outputs import evaluate_head
from qmu.specs.ibm import Decode
from qmu.steps.frame.job import Job
from qmu.steps.io import ibm_job
from qmu.steps.io import samples as seed_data
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer

# What a job of this step says may quote an answer of IBM.
redactor = ibm_job.redactor


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool``, ``samples`` and ``parameters``; prepared jobs and raw results of all
    parts."""

    pool: str
    samples: str
    parameters: str
    prepared: list[str]
    result: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``outputs``."""

    outputs: str


def run(inputs: Inputs, outputs: Outputs, spec: Decode, job: Job) -> None:
    """Write the outputs on the images that the device was asked about."""
    experiment = spec.experiment
    model = models.build(**dict(spec.model), circuit=False)
    job.clock.watch_compilation()
    job.clock.ready()
    data = seed_data.read(inputs.pool, inputs.samples, experiment)
    stored = read_parameters(inputs.parameters, experiment)
    parameters = model.convert(stored)
    chosen = ibm_job.positions(data.split, data.sample_id, spec.images)
    parts = [
        _read(prepared, result, len(ibm_job.part_of(chosen, number, len(inputs.result))))
        for number, (prepared, result) in enumerate(
            zip(inputs.prepared, inputs.result, strict=True)
        )
    ]
    values, fidelity = (np.concatenate(column) for column in zip(*parts, strict=True))
    evaluated = evaluate_head(model, parameters, values)
    columns = {name: column[chosen] for name, column in data.sample_columns().items()}
    columns |= {**evaluated, "embedding_fidelity": fidelity}
    Writer(spec)(outputs.outputs, "outputs", columns)
    hits = evaluated["logits"].argmax(axis=-1) == columns["label"]
    job.report(f"accuracy on {len(hits)} images {hits.mean():.3f}")


def _read(prepared_path: str, result_path: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """<Z> (count, wires) and the embedding's fidelity (count,) of one job."""
    prepared = read_prepared(prepared_path)
    header, result = raw_result.read_result(result_path)
    if header.get("digest") != prepared.digest or prepared.samples != count:
        raise QmuError(
            f"{result_path}: the result of another job than {prepared_path}; remove both and run "
            "again (a paid result is found again)"
        )
    return expectations(result, prepared)[0], prepared.fidelity
