"""Step `estimate`: what all jobs of an IBM device cost, before the first one is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass

from qmu.errors import QmuError
from qmu.ibm.jobs import folder, raw_result
from qmu.ibm.settings import is_fake
from qmu.ibm.stored import read_prepared
from qmu.specs.ibm import Estimate as EstimateSpec
from qmu.steps.frame.job import Job
from qmu.steps.io import ibm_job
from qmu.tables.files import atomic

# What a job of this step says may quote an answer of IBM.
redactor = ibm_job.redactor


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The prepared jobs of a device."""

    prepared: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The sums as JSON."""

    estimate: str


def run(inputs: Inputs, outputs: Outputs, spec: EstimateSpec, job: Job) -> None:
    """Write the sums; refuse a device whose unpaid jobs are estimated above the limit."""
    job.clock.ready()
    chosen = ibm_job.submission(spec, {})
    # Variants with the same circuits and images share one job.
    jobs, paid = {}, set()
    for path in inputs.prepared:
        prepared = read_prepared(path)
        tag = ibm_job.tag_of(prepared, chosen)
        jobs[tag] = prepared.cost
        if raw_result.is_result(folder.paid(tag).result):
            paid.add(tag)
    unpaid = [cost for tag, cost in jobs.items() if tag not in paid]
    seconds = sum(cost.qpu_seconds for cost in unpaid)
    limit = spec.max_total_seconds
    found = {
        "device": spec.device,
        "backend": spec.backend,
        "jobs": len(jobs),
        "jobs_paid_before": len(paid),
        "executions": sum(cost.executions for cost in unpaid),
        "qpu_seconds": round(seconds, 1),
        "max_total_seconds": limit,
    }
    real = not is_fake(spec.backend)
    job.report(
        f"{spec.device} on {spec.backend}: {len(unpaid)} jobs"
        + (f" ({len(paid)} more were paid before)" if paid else "")
        + f", {found['executions']:,} circuit executions, about {seconds:,.0f} s of QPU time"
        + ("" if real else ", if it were real: nothing is sent")
    )
    if real and seconds > limit:
        raise QmuError(
            f"devices.{spec.device}: {len(unpaid)} jobs on {spec.backend} are estimated at "
            f"{seconds:,.0f} s of QPU time, job.max_total_seconds allows {limit:g}: nothing was "
            "submitted (fewer images, shots, seeds or variants, or a higher limit)"
        )
    with atomic(outputs.estimate) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
