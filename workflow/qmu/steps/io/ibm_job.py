"""What the steps of an IBM job share: its images, its settings, its backend, its paid folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qmu import paths
from qmu.devices.images import Images, select
from qmu.devices.kinds.ibm import Waiting
from qmu.ibm import account, backends
from qmu.ibm.job_settings import JobSettings
from qmu.ibm.jobs import tags
from qmu.ibm.jobs.folder import JobFolder, write_json
from qmu.ibm.jobs.secrets import Redactor
from qmu.ibm.jobs.service import find_backend, open_service, patience_of
from qmu.ibm.prepare import Prepared
from qmu.ibm.settings import is_fake
from qmu.specs.ibm import Sent
from qmu.tables.files import atomic

Report = Callable[[str], None]


def positions(split: np.ndarray, sample_id: np.ndarray, images: Mapping[str, Any]) -> np.ndarray:
    """Pool positions (k,) of all images that the device is asked about, ascending."""
    return select(split, sample_id, Images(**images))


def part_of(chosen: np.ndarray, part: int, parts: int) -> np.ndarray:
    """The images of one job: equally many in each."""
    return np.array_split(chosen, parts)[part]


def job_settings(spec: Sent, waiting: Mapping[str, Any]) -> JobSettings:
    """What the client is told, from a spec and the settings that no result depends on."""
    chosen = {name: spec.circuit[name] for name in ("primitive", "shots", "options")}
    return JobSettings.of({**chosen, **spec.job, **Waiting(**waiting).model_dump()})


def redactor() -> Callable[[str], str]:
    """What hides IBM's token in all that a job says, where this person has one."""
    return Redactor.of() if account.there() else str


def backend_of(name: str, waiting: Mapping[str, Any], report: Report) -> Any:
    """The backend, through IBM's service where it is a real one."""
    if is_fake(name):
        return backends.backend(name)
    settings = JobSettings.of(Waiting(**waiting).model_dump())
    service = open_service(settings, report)
    return find_backend(service, name, patience_of(settings, Redactor.of(service), report))


def tag_of(prepared: Prepared, settings: JobSettings) -> str:
    """The job's tag, which also names its folder."""
    return tags.job_tag(prepared.digest, prepared.backend, settings)


@contextlib.contextmanager
def paid_folder(tag: str) -> Iterator[JobFolder]:
    """The folder that keeps what was paid under this tag, held by this process alone.

    Two variants of a model can have the same circuits and inputs (a control that changes nothing
    but the last layer): the second waits here and finds the first one's job.
    """
    folder = Path(paths.PAID) / tag
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield JobFolder(folder)
    finally:
        os.close(handle)


def note_dead(folder: JobFolder, job_id: str, named: str) -> None:
    """Remember that a job will never have a result, and which output the person may delete.

    Its record stays: another variant with the same circuits must not pay for it unasked.
    """
    write_json(_dead(folder, job_id), {"named": sorted({*_named(folder, job_id), named})})


def forget_dead(folder: JobFolder) -> None:
    """Let a dead job go where an output that names it was deleted: the decision to pay again."""
    known = folder.read_job()
    if known is not None and not all(Path(f).is_file() for f in _named(folder, known.job_id)):
        folder.job.unlink()


def _dead(folder: JobFolder, job_id: str) -> Path:
    return folder.path / f"dead-{job_id}.json"


def _named(folder: JobFolder, job_id: str) -> list[str]:
    try:
        return json.loads(_dead(folder, job_id).read_text(encoding="utf-8"))["named"]
    except (OSError, ValueError, KeyError):
        return []  # it is not dead


def publish(kept: Path, output: str) -> None:
    """Give a kept file its place among a run's outputs, all at once or not at all."""
    with atomic(output) as temporary:
        shutil.copyfile(kept, temporary)
