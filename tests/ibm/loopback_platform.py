"""The platform behind the loopback server: one backend, jobs in memory, every endpoint in use."""

from __future__ import annotations

import datetime
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from loopback_execution import execute
from loopback_faults import Faults

TOKEN = "MARKED-token/+=0123456789-abcdefghijklmnopqrstuvwxyz"
INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/loopback:11112222-3333::"
BACKEND = "ibmq_manila"
GONE = "Gone"
FINAL = ("Completed", "Failed", "Cancelled", GONE)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")


@cache
def backend_file(kind: str) -> dict[str, Any]:
    """The fake provider's configuration (``conf``) or properties (``props``) of the backend."""
    from qiskit_ibm_runtime.fake_provider.backends import manila

    return json.loads((Path(manila.__file__).parent / f"{kind}_manila.json").read_text())


@dataclass
class Job:
    """A job that the platform accepted; ``polls`` counts how often its status was asked for."""

    payload: dict[str, Any]
    number: int
    listed_at: float
    id: str = field(default_factory=lambda: f"job-{uuid.uuid4().hex[:16]}")
    created: str = field(default_factory=_now)
    status: str = "Queued"
    reason: str = ""
    polls: int = 0
    result: str = ""
    end: tuple[str, str] | None = None
    accepted_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None

    def described(self) -> dict[str, Any]:
        """As the platform describes it."""
        state = {"status": self.status}
        if self.reason:
            state["reason"] = self.reason
            state["reason_code"] = 1305 if "too long" in self.reason else None
        return {
            "id": self.id,
            "backend": self.payload["backend"],
            "program": {"id": self.payload["program_id"]},
            "tags": self.payload.get("tags", []),
            "session_id": self.payload.get("session_id"),
            "created": self.created,
            "state": state,
            "status": self.status,
            "private": self.payload.get("private", False),
        }


class Platform:
    """What is on IBM's side. Routes answer (status, JSON value or text or None)."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """A new account: no jobs, no faults, a valid token."""
        self.faults.clear()
        self.jobs: dict[str, Job] = {}
        self.sessions: dict[str, str] = {}
        self.requests: list[str] = []
        self.access_tokens: set[str] = set()
        self.expired = False
        self.outcome, self.reason = "Completed", ""
        self.polls_before_end = 3
        self.seconds_before_end = 0.0
        self.listing_lag = 0.0
        # Ends (status, reason) of the next jobs in the order of their acceptance; later ones end as
        # ``outcome`` and ``reason`` say. A job whose end is GONE is not known from then on.
        self.ends: list[tuple[str, str]] = []

    @property
    def submissions(self) -> int:
        """All jobs ever accepted."""
        return len(self.jobs)

    @property
    def paid(self) -> list[Job]:
        """Jobs that were not cancelled."""
        return [job for job in self.jobs.values() if job.status != "Cancelled"]

    def most_under_way(self) -> int:
        """The most jobs that were ever accepted and not yet at their end at the same time."""
        with self.lock:
            spans = [(j.accepted_at, j.ended_at or float("inf")) for j in self.jobs.values()]
        return max((sum(a <= at < b for a, b in spans) for at, _ in spans), default=0)

    def authorised(self, header: str) -> bool:
        """Whether a request's Authorization header is good."""
        scheme, _, value = header.partition(" ")
        return not self.expired and scheme == "Bearer" and value in self.access_tokens

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        """IAM: an API key for a bearer token of an hour."""
        if self.expired or form.get("apikey") != TOKEN:
            return 400, {"errorCode": "BXNIM0415E", "errorMessage": "API key not found"}
        now = int(time.time())
        claims = {"iat": now, "exp": now + 3600, "jti": uuid.uuid4().hex}
        access = jwt.encode(claims, "k" * 32, algorithm="HS256")
        self.access_tokens.add(access)
        answer = {"access_token": access, "refresh_token": "none", "token_type": "Bearer"}
        return 200, {**answer, "expires_in": 3600, "expiration": now + 3600}

    def search(self) -> tuple[int, Any]:
        """Global search: the one instance."""
        item = {"crn": INSTANCE, "name": "loopback", "service_plan_unique_id": "plan"}
        return 200, {"items": [{**item, "doc": {"extensions": {"n": 1}}, "tags": []}], "limit": 100}

    def catalog(self) -> tuple[int, Any]:
        """Global catalog: its plan."""
        plan = {"overview_ui": {"en": {"display_name": "Open"}}}
        return 200, {**plan, "metadata": {"pricing": {"type": "free"}}}

    def accept(self, payload: dict[str, Any]) -> tuple[int, Any]:
        """A new job: from here on it counts as paid unless it is cancelled."""
        with self.lock:
            job = Job(payload, len(self.jobs), time.monotonic() + self.listing_lag)
            job.end = self.ends.pop(0) if self.ends else None
            self.jobs[job.id] = job
        return 200, {"id": job.id, "backend": payload["backend"]}

    def listed(self, tags: list[str], limit: int, offset: int) -> tuple[int, Any]:
        """Jobs with all of these tags, newest first."""
        now = time.monotonic()
        with self.lock:
            jobs = [
                job.described()
                for job in sorted(self.jobs.values(), key=lambda job: -job.number)
                if set(tags) <= set(job.payload.get("tags", []))
                and job.listed_at <= now
                and job.status != GONE
            ]
        return 200, {"jobs": jobs[offset : offset + limit], "count": len(jobs)}

    def job(self, name: str) -> tuple[int, Any]:
        """One job; asking moves it on: queued, running, and its end."""
        with self.lock:
            job = self.jobs.get(name)
            if job is None:
                return 404, {"error": {"code": 1291, "message": "Job not found."}}
            job.polls += 1
            if job.status not in FINAL:
                self._advance(job)
            if job.status == GONE:
                return 404, {"error": {"code": 1291, "message": "Job not found."}}
            return 200, job.described()

    def _advance(self, job: Job) -> None:
        young = time.monotonic() < job.accepted_at + self.seconds_before_end
        if young or job.polls < self.polls_before_end:
            job.status = "Queued" if job.polls < 2 else "Running"
            return
        outcome, job.reason = job.end or (self.outcome, self.reason)
        if outcome == "Completed":
            job.result = execute(job.payload["program_id"], job.payload["params"]["pubs"])
        job.status, job.ended_at = outcome, time.monotonic()

    def results(self, name: str) -> tuple[int, Any]:
        """The result's text, as often as it is asked for."""
        job = self.jobs.get(name)
        if job is None or job.status == GONE:
            return 404, {"error": {"code": 1291, "message": "Job not found."}}
        return (200, job.result) if job.status in FINAL else (204, "")

    def metrics(self, name: str) -> tuple[int, Any]:
        """Times and usage."""
        job = self.jobs[name]
        times = {"created": job.created, "running": job.created, "finished": _now()}
        return 200, {"timestamps": times, "usage": {"quantum_seconds": 1.5, "seconds": 1.5}}

    def cancel(self, name: str) -> tuple[int, Any]:
        """Cancel a job that has not ended."""
        with self.lock:
            job = self.jobs[name]
            if job.status in FINAL:
                return 409, {"error": {"code": 1304, "message": "Job is already final."}}
            job.status, job.ended_at = "Cancelled", time.monotonic()
            return 204, None

    def open_session(self, payload: dict[str, Any]) -> tuple[int, Any]:
        """A batch or a session."""
        name = f"session-{len(self.sessions)}"
        self.sessions[name] = payload["mode"]
        return 200, {"id": name, "mode": payload["mode"]}
