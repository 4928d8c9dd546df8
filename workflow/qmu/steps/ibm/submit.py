"""Step `submit`: send one IBM job and keep its id, so that it is never paid twice."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from qmu.ibm import primitives
from qmu.ibm.jobs.folder import JobFolder, JobRecord, holding, publish
from qmu.ibm.jobs.service import open_service
from qmu.ibm.jobs.submit import submit
from qmu.ibm.settings import is_fake
from qmu.ibm.stored import read_prepared
from qmu.specs.ibm import Sent
from qmu.steps.frame.job import Job
from qmu.steps.io import ibm_job

# What a job of this step says may quote an answer of IBM.
redactor = ibm_job.redactor


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The prepared job, and the estimate that allows it."""

    prepared: str
    estimate: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The record of the accepted job as JSON."""

    job: str


def run(inputs: Inputs, outputs: Outputs, spec: Sent, job: Job) -> None:
    """Write the job's record: found among what was paid, found on IBM's side, or sent now."""
    job.clock.ready()
    prepared = read_prepared(inputs.prepared)
    chosen = ibm_job.submission(spec, job.waiting)
    tag = ibm_job.tag_of(prepared, chosen)
    if is_fake(spec.backend):
        JobFolder(Path(outputs.job).parent).write_job(_not_sent(prepared, tag, chosen))
        job.report(f"{spec.backend} is simulated: nothing is sent; {prepared.cost}")
        return
    with holding(tag) as folder:
        folder.forget_dead()
        if folder.read_job() is None:
            service = open_service(chosen.waiting, job.report)
            pub, digest, name = prepared.pub, prepared.digest, prepared.backend
            submit(pub, digest, service, name, chosen, folder.path, job.report)
        else:
            job.report(f"{folder.job} names the job: it is not submitted again")
        publish(folder.job, outputs.job)


def _not_sent(prepared, tag, chosen) -> JobRecord:
    qubits, pairs = primitives.used_qubits(primitives.coerce(prepared.pub, chosen.circuit))
    return JobRecord(
        job_id=f"local-{tag.removeprefix('qmu-')}",
        tag=tag,
        digest=prepared.digest,
        backend=prepared.backend,
        primitive=prepared.primitive,
        origin="simulated",
        recorded_at=time.time(),
        estimated_seconds=round(prepared.cost.qpu_seconds, 3),
        qubits=qubits,
        pairs=pairs,
    )
