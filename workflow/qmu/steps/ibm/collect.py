"""Step `collect`: wait for one IBM job and keep its raw result and the backend's calibration."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qmu import seeds
from qmu.errors import QmuError
from qmu.ibm import backends, local
from qmu.ibm.jobs import calibration, raw_result
from qmu.ibm.jobs.collect import DeadJob, collect
from qmu.ibm.jobs.folder import JobFolder, JobRecord, holding, publish, write_json
from qmu.ibm.jobs.service import open_service
from qmu.ibm.settings import is_fake
from qmu.ibm.stored import read_prepared
from qmu.specs.ibm import Sent
from qmu.steps.frame.job import Job
from qmu.steps.io import ibm_job

# What a job of this step says may quote an answer of IBM.
redactor = ibm_job.redactor


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The record of the accepted job, and the prepared one."""

    job: str
    prepared: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The raw result and the calibration of the backend at that time, as JSON."""

    result: str
    calibration: str


def run(inputs: Inputs, outputs: Outputs, spec: Sent, job: Job) -> None:
    """Write both files; a job of a simulated backend is executed here."""
    job.clock.ready()
    record = JobFolder(Path(inputs.job).parent).read_job()
    if record is None:
        raise QmuError(f"{inputs.job}: no such file")
    if is_fake(spec.backend):
        _execute(record, inputs, outputs, spec, job.report)
    else:
        _fetch(record, inputs, outputs, spec, job)


def _fetch(record: JobRecord, inputs: Inputs, outputs: Outputs, spec: Sent, job: Job) -> None:
    chosen = ibm_job.submission(spec, job.waiting)
    with holding(record.tag) as folder:
        kept = folder.read_job()
        if kept is None:
            folder.write_job(record)
        elif kept.job_id != record.job_id:
            raise QmuError(
                f"{inputs.job} names IBM job {record.job_id}, but {folder.job} names "
                f"{kept.job_id} for the same circuits: delete the first and run again"
            )
        if not (
            folder.calibration.is_file() and raw_result.belongs_to(folder.result, record.job_id)
        ):
            service = open_service(chosen.waiting, job.report)
            try:
                collect(record.job_id, service, chosen, folder.path, job.report, inputs.job)
            except DeadJob:
                folder.note_dead(record.job_id, inputs.job)
                raise
        else:
            job.report(f"{folder.result} was paid before: it is used again")
        publish(folder.result, outputs.result)
        publish(folder.calibration, outputs.calibration)


def _execute(
    record: JobRecord,
    inputs: Inputs,
    outputs: Outputs,
    spec: Sent,
    report: Callable[[str], None],
) -> None:
    from qiskit_ibm_runtime import RuntimeEncoder

    prepared = read_prepared(inputs.prepared)
    backend = backends.backend(spec.backend)
    rng = seeds.generator(spec.root_seed, "shots", prepared.backend, prepared.digest)
    started = time.monotonic()
    result = local.run(prepared, backend, rng)
    seconds = time.monotonic() - started
    report(f"{prepared.samples} images x {prepared.shots} shots in {seconds:.1f} s")
    header = {
        "job_id": record.job_id,
        "backend": prepared.backend,
        "primitive": prepared.primitive,
        "tag": record.tag,
        "digest": record.digest,
        "usage_seconds": 0.0,
    }
    text = json.dumps(result, cls=RuntimeEncoder)
    raw_result.store(Path(outputs.result), header, text)
    found = calibration.snapshot(backend.properties(), record, prepared.backend)
    write_json(Path(outputs.calibration), found)
