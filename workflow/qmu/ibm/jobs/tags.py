"""A job's tag: the only way to recognise a job whose answer was lost.

IBM's interface has no idempotency key, and the client itself repeats a request whose answer did
not arrive, so one submission can become two jobs. Each job carries a tag made from its inputs;
the tag is looked up before and after every submission, one job is kept and the others cancelled.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qmu.ibm.settings import Settings

from .faults import Failed, Patience

_LIMIT = 50
_DEAD = ("ERROR", "CANCELLED")
_PREFERENCE = {"DONE": 0, "RUNNING": 1}


def job_tag(digest: str, backend_name: str, settings: Settings) -> str:
    """``qmu-`` and 80 bits of what is computed where; equal inputs have equal tags."""
    content = [digest, backend_name, settings.paid()]
    text = json.dumps(content, sort_keys=True, default=str)
    return f"qmu-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


@dataclass(frozen=True)
class Listed:
    """A job on IBM's side that is queued, running or done."""

    job_id: str
    status: str
    created: str
    job: Any


def find_jobs(service: Any, tag: str, patience: Patience) -> list[Listed]:
    """Jobs with the tag that are neither failed nor cancelled, the one to keep first.

    A finished job before a running one before a queued one; among equals the oldest, so that two
    processes that look at the same list keep the same job.
    """
    doing = f"looking up jobs with tag {tag}"
    jobs = patience.call(doing, lambda: service.jobs(limit=_LIMIT, job_tags=[tag]))
    listed = []
    for job in jobs:
        if tag not in (job.tags or ()):
            continue
        status = _status(job, patience)
        if status is not None and status not in _DEAD:
            listed.append(Listed(job.job_id(), status, str(job.creation_date or ""), job))
    return sorted(listed, key=lambda f: (_PREFERENCE.get(f.status, 2), f.created, f.job_id))


def _status(job: Any, patience: Patience) -> str | None:
    try:
        doing = f"asking for the status of IBM job {job.job_id()}"
        return str(patience.call(doing, job.status, patient_with_missing=True))
    except Failed as failed:
        if failed.fault.kind == "missing":
            return None
        raise


def await_jobs(service: Any, tag: str, seconds: float, patience: Patience) -> list[Listed]:
    """Like ``find_jobs``, looking again until something appears or ``seconds`` have passed."""
    deadline, pause = time.monotonic() + seconds, 0.5
    while True:
        listed = find_jobs(service, tag, patience)
        left = deadline - time.monotonic()
        if listed or left <= 0:
            return listed
        time.sleep(min(pause, left))
        pause = min(2 * pause, 5.0)


def cancel_extras(
    jobs: Sequence[Listed], keep: str, patience: Patience, report: Callable[[str], None]
) -> None:
    """Cancel every job but ``keep``; one that can no longer be cancelled is reported."""
    for extra in jobs:
        if extra.job_id == keep:
            continue
        try:
            patience.call(f"cancelling IBM job {extra.job_id}", extra.job.cancel)
            report(f"cancelled IBM job {extra.job_id}, a duplicate of {keep}")
        except Failed as failed:
            report(
                f"IBM job {extra.job_id} duplicates {keep} and could not be cancelled; it may be "
                f"billed ({failed.fault.text})"
            )
