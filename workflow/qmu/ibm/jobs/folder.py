"""What a job's folder remembers: the intent to submit, and the id of the job that was accepted.

``intent.json`` is written before anything is sent, ``job.json`` as soon as an id is known; both at
once or not at all. Whatever moment a process dies at, the two files and the tag on IBM's side tell
the next one whether a job was, may have been, or was not submitted. The folders of real jobs lie
below `PAID`, outside of any run's outputs: Snakemake removes those before it makes them anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from qmu.errors import QmuError
from qmu.tables.files import atomic

VERSION = 1
PAID = "results/ibm_jobs"
"""Below this, one folder per job that was paid, named by the job's tag."""


@dataclass(frozen=True)
class Intent:
    """A submission that is about to happen; ``posted_at`` (Unix seconds) is 0 until it is sent."""

    tag: str
    digest: str
    backend: str
    primitive: str
    mode: str
    executions: int
    estimated_seconds: float
    max_execution_time: int
    posted_at: float = 0.0
    attempts: int = 0
    version: int = VERSION


@dataclass(frozen=True)
class JobRecord:
    """An accepted job; ``qubits`` and ``pairs`` are the physical ones that its circuit uses."""

    job_id: str
    tag: str
    digest: str
    backend: str
    primitive: str
    origin: str
    recorded_at: float
    estimated_seconds: float
    qubits: list[int] = field(default_factory=list)
    pairs: list[list[int]] = field(default_factory=list)
    version: int = VERSION


Record = TypeVar("Record", Intent, JobRecord)


class JobFolder:
    """The state files of one job; other files in the folder are left alone."""

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder)
        self.intent = self.path / "intent.json"
        self.job = self.path / "job.json"
        self.result = self.path / "result.json"
        self.calibration = self.path / "calibration.json"

    def read_intent(self) -> Intent | None:
        """The last intent; None where there is none. QmuError names a damaged file."""
        return _read(self.intent, Intent)

    def read_job(self) -> JobRecord | None:
        """The accepted job; None where there is none. QmuError names a damaged file."""
        return _read(self.job, JobRecord)

    def write_intent(self, intent: Intent) -> Intent:
        """Replace ``intent.json``."""
        write_json(self.intent, asdict(intent))
        return intent

    def write_posting(self, intent: Intent) -> Intent:
        """Note that the job is sent now, before it is."""
        return self.write_intent(
            replace(intent, posted_at=time.time(), attempts=intent.attempts + 1)
        )

    def write_job(self, record: JobRecord) -> None:
        """Replace ``job.json``."""
        write_json(self.job, asdict(record))

    def note_dead(self, job_id: str, output: str) -> None:
        """Remember that a job will never have a result, and which output the person may delete.

        Its record stays: another variant with the same circuits must not pay for it unasked.
        """
        outputs = sorted({*self._named_by(job_id), output})
        write_json(self._dead(job_id), {"named": outputs})

    def forget_dead(self) -> None:
        """Let a dead job go where an output that names it was deleted: the decision to pay
        again."""
        known = self.read_job()
        if known is not None and not all(Path(f).is_file() for f in self._named_by(known.job_id)):
            self.job.unlink()

    def _dead(self, job_id: str) -> Path:
        return self.path / f"dead-{job_id}.json"

    def _named_by(self, job_id: str) -> list[str]:
        """The outputs that name a dead job; none for a job that is not dead."""
        try:
            return json.loads(self._dead(job_id).read_text(encoding="utf-8"))["named"]
        except (OSError, ValueError, KeyError):
            return []


def paid(tag: str) -> JobFolder:
    """The folder that keeps what was paid under this tag, whether or not it exists."""
    return JobFolder(Path(PAID) / tag)


@contextlib.contextmanager
def holding(tag: str) -> Iterator[JobFolder]:
    """The paid folder of a tag, made where it is missing and held by this process alone.

    Two variants of a model can have the same circuits and inputs (a control that changes nothing
    but the last layer): the second waits here and finds the first one's job.
    """
    folder = paid(tag)
    folder.path.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(handle)


def publish(file: Path, output: str | Path) -> None:
    """Copy a paid folder's file to its place among a run's outputs, all at once or not at all."""
    with atomic(output) as temporary:
        shutil.copyfile(file, temporary)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """One JSON object, all at once or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _read(path: Path, kind: type[Record]) -> Record | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        record = kind(**json.loads(text))
    except (ValueError, TypeError):
        record = None
    if record is None or record.version != VERSION:
        raise QmuError(
            f"{path}: not a record that this qmu wrote; delete the file and run again (a job that "
            "was submitted is found again by its tag)"
        )
    return record
