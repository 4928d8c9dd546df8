"""Collecting an IBM job: waiting within bounds, storing the raw result and the calibration."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from qmu.errors import QmuError
from qmu.ibm.settings import Submission

from . import calibration, raw_result, tags
from .faults import Failed, Patience
from .folder import JobFolder, JobRecord, write_json
from .secrets import Redactor, discreet
from .service import patience_of

Report = Callable[[str], None]


class DeadJob(QmuError):
    """The job will never have a result: failed, cancelled, or unknown to this account."""


# Usage and calibration are asked for no longer than this while IBM does not answer.
_REMARK_SECONDS = 60.0


def collect(
    job_id: str,
    service: Any,
    chosen: Submission,
    folder: str | Path,
    report: Report,
    named: str | Path | None = None,
) -> Path:
    """Wait for the job, store ``result.json`` and ``calibration.json``, return the result's path.

    ``named``: the file that a person shall delete to submit again, the folder's ``job.json`` where
    none is given. Raises DeadJob, which says what to do, when the job failed, was cancelled or is
    unknown; QmuError when the token is not accepted or IBM does not answer for ``outage_seconds``.
    """
    state, redact = JobFolder(folder), Redactor.of(service)
    record = state.read_job()
    record = record if record is not None and record.job_id == job_id else None
    if state.calibration.is_file() and raw_result.belongs_to(state.result, job_id):
        report(f"the result of IBM job {job_id} is already there ({state.result})")
        return state.result
    with discreet(redact, report):
        patience = patience_of(chosen.waiting, redact, report)
        try:
            job = patience.call(f"looking up IBM job {job_id}", lambda: service.job(job_id), True)
            _sweep(service, job_id, record, patience)
            _wait(job, chosen, named or state.job, patience)
            _store(job, record, state, patience)
        except Failed as failed:
            if failed.fault.kind == "missing":
                raise DeadJob(
                    f"IBM job {job_id} is not known to this instance any more (deleted, expired, "
                    f"or of another account): delete {named or state.job} to submit it again"
                ) from None
            raise QmuError(
                f"{failed}; IBM job {job_id} is not lost, {state.job} names it"
            ) from None
    return state.result


def _sweep(service: Any, job_id: str, record: JobRecord | None, patience: Patience) -> None:
    """Cancel duplicates that were listed too late for ``submit`` to see."""
    if record is None:
        return
    try:
        listed = tags.find_jobs(service, record.tag, patience)
    except Failed as failed:
        if failed.fault.kind == "auth":
            raise
        patience.report(f"{failed}; duplicates were not looked for")
        return
    if any(job.job_id == job_id for job in listed):
        tags.cancel_extras(listed, job_id, patience, patience.report)


def _wait(job: Any, chosen: Submission, named: str | Path, patience: Patience) -> None:
    job_id, told = job.job_id(), None
    waiting = chosen.waiting
    deadline = time.monotonic() + waiting.max_wait_seconds
    pause = waiting.first_poll_seconds
    again = f"delete {named} to submit it again"
    while True:
        doing = f"asking for the status of IBM job {job_id}"
        status = str(patience.call(doing, job.status, patient_with_missing=True))
        if status != told:
            patience.report(f"IBM job {job_id}: {status}")
            told = status
        if status == "DONE":
            return
        if status == "ERROR":
            reason = patience.redact.line(job.error_message() or "no reason given")
            if "1305" in reason or "maximum execution time" in reason:
                again = f"raise max_execution_time ({chosen.job.max_execution_time} s) and {again}"
            raise DeadJob(f"IBM job {job_id} failed: {reason}; {again}")
        if status == "CANCELLED":
            raise DeadJob(f"IBM job {job_id} was cancelled; {again}")
        if time.monotonic() + pause > deadline:
            raise QmuError(
                f"IBM job {job_id} is still {status} after {waiting.max_wait_seconds:g} s: run "
                "again to go on waiting, it is not submitted again"
            )
        time.sleep(pause)
        pause = min(1.5 * pause, waiting.longest_poll_seconds)


def _backend_name(job: Any, patience: Patience) -> str:
    backend = patience.call(f"backend of IBM job {job.job_id()}", job.backend)
    return getattr(backend, "name", "unknown")


def _store(job: Any, record: JobRecord | None, state: JobFolder, patience: Patience) -> None:
    job_id = job.job_id()
    text = patience.call(f"fetching the result of IBM job {job_id}", lambda: raw_result.fetch(job))
    backend_name = record.backend if record else _backend_name(job, patience)
    header = {
        "job_id": job_id,
        "backend": backend_name,
        "primitive": job.primitive_id,
        "tag": record.tag if record else None,
        "digest": record.digest if record else None,
        "collected_at": time.time(),
    }
    # The result is paid, the calibration is a remark: one must not hold up the other.
    patience = replace(patience, outage_seconds=min(patience.outage_seconds, _REMARK_SECONDS))
    try:
        header["usage_seconds"] = patience.call(f"usage of IBM job {job_id}", job.usage)
        properties = patience.call(f"calibration of {backend_name}", job.properties)
        snapshot = calibration.snapshot(properties, record, backend_name)
    except Exception as error:
        patience.report(f"no calibration for the manifest: {patience.redact.line(error)}")
        snapshot = calibration.unavailable(backend_name, patience.redact.line(error))
    header.setdefault("usage_seconds", None)
    raw_result.store(state.result, header, text)
    write_json(state.calibration, snapshot)
    patience.report(f"stored the result of IBM job {job_id} in {state.result}")
