"""What the steps of an IBM job share: its images, its settings and its backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qmu.devices.images import Images, select
from qmu.ibm import account, backends
from qmu.ibm.jobs import tags
from qmu.ibm.jobs.secrets import Redactor
from qmu.ibm.jobs.service import find_backend, open_service, patience_of
from qmu.ibm.prepare import Prepared
from qmu.ibm.settings import Job, Settings, Submission, Waiting, is_fake
from qmu.specs.ibm import Sent

Report = Callable[[str], None]


def positions(split: np.ndarray, sample_id: np.ndarray, images: Mapping[str, Any]) -> np.ndarray:
    """Pool positions (k,) of all images that the device is asked about, ascending."""
    return select(split, sample_id, Images(**images))


def part_of(chosen: np.ndarray, part: int, parts: int) -> np.ndarray:
    """The images of one job: equally many in each."""
    return np.array_split(chosen, parts)[part]


def submission(spec: Sent, waiting: Mapping[str, Any]) -> Submission:
    """What the client is told, from a spec and the settings that no result depends on."""
    return Submission(
        circuit=Settings(**spec.circuit), job=Job(**spec.job), waiting=Waiting(**waiting)
    )


def redactor() -> Callable[[str], str]:
    """What hides IBM's token in all that a job says, where this person has one."""
    return Redactor.of() if account.has_account() else str


def backend_of(name: str, waiting: Mapping[str, Any], report: Report) -> Any:
    """The backend, through IBM's service where it is a real one."""
    if is_fake(name):
        return backends.backend(name)
    patient = Waiting(**waiting)
    service = open_service(patient, report)
    return find_backend(service, name, patience_of(patient, Redactor.of(service), report))


def tag_of(prepared: Prepared, chosen: Submission) -> str:
    """The job's tag, which also names its folder."""
    return tags.job_tag(prepared.digest, prepared.backend, chosen.circuit)
