"""Submitting to IBM, so that no paid job is lost or repeated; ``collect`` gets what comes back.

``submit`` and ``collect`` run in separate processes and share nothing but the files of one folder
(see `folder`) and the job's tag on IBM's side (see `tags`). Both may be killed at any moment
and called again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmu.errors import QmuError
from qmu.ibm import cost, primitives
from qmu.ibm.settings import Submission

from . import tags
from .faults import Failed, Fault, NoAnswer, Patience, answer_within, classify
from .folder import Intent, JobFolder, JobRecord
from .secrets import Redactor, discreet
from .service import find_backend, patience_of

Report = Callable[[str], None]
# The client's own limit for a submission is 900 s; ours must not end before it.
_SUBMISSION_SECONDS = 960.0


@dataclass(frozen=True)
class _Job:
    """Everything that the steps of one submission share."""

    pub: Any
    digest: str
    tag: str
    service: Any
    backend: Any
    backend_name: str
    chosen: Submission
    folder: JobFolder
    cost: cost.Cost
    patience: Patience
    report: Report

    def record(self, job_id: str, origin: str) -> None:
        qubits, pairs = primitives.used_qubits(self.pub)
        self.folder.write_job(
            JobRecord(
                job_id=job_id,
                tag=self.tag,
                digest=self.digest,
                backend=self.backend_name,
                primitive=self.chosen.circuit.primitive,
                origin=origin,
                recorded_at=time.time(),
                estimated_seconds=round(self.cost.qpu_seconds, 3),
                qubits=qubits,
                pairs=pairs,
            )
        )


def submit(
    pub: Any,
    digest: str,
    service: Any,
    backend_name: str,
    chosen: Submission,
    folder: str | Path,
    report: Report,
) -> str:
    """Id of the one job for these inputs: recorded, found by its tag, or submitted now.

    ``pub`` is (circuit, values) or (circuit, observables, values), the circuit already transpiled
    for the backend; ``digest`` names its content. Raises QmuError (one line) when nothing can be
    submitted, when the estimate is above ``max_cost_seconds``, and when it is unknown whether the
    job was accepted: the next call finds it by its tag.
    """
    state, redact = JobFolder(folder), Redactor.of(service)
    tag = tags.job_tag(digest, backend_name, chosen.circuit)
    known = state.read_job()
    if known is not None and known.tag == tag:
        report(f"IBM job {known.job_id} is already submitted ({state.job})")
        return known.job_id
    if known is not None:
        report(f"{state.job} holds IBM job {known.job_id} for other inputs: it is left alone")
    with discreet(redact, report):
        patience = patience_of(chosen.waiting, redact, report)
        backend = find_backend(service, backend_name, patience)
        primitives.check_options(backend, chosen, tag)
        pub = primitives.coerce(pub, chosen.circuit)
        estimated = cost.estimate(pub, backend, chosen.circuit)
        estimated.check()
        report(
            f"estimated cost on {backend_name}: {estimated} (the job is stopped after "
            f"{chosen.job.max_execution_time} s)"
        )
        job = _Job(
            pub, digest, tag, service, backend, backend_name, chosen, state, estimated, patience,
            patience.report,
        )  # fmt: skip
        return _find_or_post(job)


def _find_or_post(job: _Job) -> str:
    before = job.folder.read_intent()
    # A job that was sent moments ago by a process that died may not be listed yet.
    sent = before.posted_at if before is not None and before.tag == job.tag else 0.0
    settle = job.chosen.waiting.settle_seconds
    settling = min(sent + settle - time.time(), settle)
    intent = Intent(
        tag=job.tag,
        digest=job.digest,
        backend=job.backend_name,
        primitive=job.chosen.circuit.primitive,
        mode=job.chosen.job.mode,
        executions=job.cost.executions,
        estimated_seconds=round(job.cost.qpu_seconds, 3),
        max_execution_time=job.chosen.job.max_execution_time,
        posted_at=sent,
        attempts=before.attempts if sent and before is not None else 0,
    )
    intent = job.folder.write_intent(intent)
    listed = tags.await_jobs(job.service, job.tag, max(settling, 0.0), job.patience)
    if listed:
        return _keep(job, listed, "found")
    limit = job.chosen.job.max_cost_seconds
    if limit is not None and job.cost.qpu_seconds > limit:
        raise QmuError(
            f"estimated cost {job.cost.qpu_seconds:.1f} s of QPU time is above max_cost_seconds "
            f"({limit:g}): nothing was submitted"
        )
    return _post(job, intent)


def _post(job: _Job, intent: Intent) -> str:
    deadline = time.monotonic() + job.chosen.waiting.outage_seconds
    pause = 1.0
    while True:
        intent = job.folder.write_posting(intent)
        outcome = _send_once(job)
        if isinstance(outcome, str):
            return outcome
        listed = _look_after(job, outcome)
        if listed:
            return _keep(job, listed, "found")
        wait = max(pause, outcome.retry_after)
        # Only an explicit "too many requests" is sent again, and only after the list of jobs has
        # shown that none of the client's own attempts was accepted.
        if outcome.kind != "busy" or time.monotonic() + wait > deadline:
            raise QmuError(
                f"{Failed(f'submitting to {job.backend_name}', outcome)}{_hint(job, outcome)}; IBM "
                f"lists no job with tag {job.tag}; running again looks for it first"
            )
        job.report(f"IBM takes no more jobs for now: submitting again in {wait:.1f} s")
        time.sleep(wait)
        pause = min(2 * pause, 60.0)


def _hint(job: _Job, fault: Fault) -> str:
    if job.chosen.job.mode == "session" and fault.kind == "refused":
        return " (an open plan has no sessions: set mode to batch or job)"
    return ""


def _send_once(job: _Job) -> str | Fault:
    try:
        accepted = answer_within(
            max(_SUBMISSION_SECONDS, job.chosen.waiting.request_seconds),
            lambda: primitives.send(job.pub, job.backend, job.chosen, job.tag),
        )
    except Exception as error:
        return classify(error, job.patience.redact)
    # First the file, then everything else: from here on the job cannot be lost.
    job.record(accepted.job_id, "submitted")
    job.report(f"submitted IBM job {accepted.job_id} to {job.backend_name} (tag {job.tag})")
    try:
        listed = tags.find_jobs(job.service, job.tag, job.patience)
    except Failed as failed:
        job.report(f"{failed}; collecting the job looks for duplicates again")
        listed = []
    with contextlib.suppress(NoAnswer):
        answer_within(job.chosen.waiting.request_seconds, accepted.close)
    if any(other.job_id == accepted.job_id for other in listed):
        return _keep(job, listed, "submitted")
    # Ours is not listed yet; whatever else is listed is a duplicate of it.
    tags.cancel_extras(listed, accepted.job_id, job.patience, job.report)
    return accepted.job_id


def _look_after(job: _Job, fault: Fault) -> list[tags.Listed]:
    job.report(f"submitting: {fault.text}; looking for the job on IBM's side")
    settle = job.chosen.waiting.settle_seconds
    try:
        return tags.await_jobs(job.service, job.tag, settle, job.patience)
    except Failed as failed:
        raise QmuError(
            f"{Failed(f'submitting to {job.backend_name}', fault)}; whether the job was accepted "
            f"is unknown ({failed.fault.text}), running again looks for tag {job.tag} first"
        ) from None


def _keep(job: _Job, listed: list[tags.Listed], origin: str) -> str:
    first = listed[0]
    job.record(first.job_id, origin)
    if origin == "found":
        job.report(
            f"found IBM job {first.job_id} ({first.status}) by tag {job.tag}: not paid again"
        )
    tags.cancel_extras(listed, first.job_id, job.patience, job.report)
    return first.job_id
