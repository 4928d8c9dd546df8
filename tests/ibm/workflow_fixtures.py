"""The experiment run once for all tests of the workflow, and copies that a test may damage."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from paid_project import PaidProject, file, files
from pipeline import Ran
from qmu import paths


@dataclass
class Finished:
    """The whole experiment, what it printed, and what the server had seen at its end."""

    project: PaidProject
    ran: Ran
    record: dict


def _once(tmp_path_factory, name: str, make) -> dict:
    """What ``make(folder)`` returned, for the first of several pytest workers that asks."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = base / f"{name}.json"
        if not record.is_file():
            record.write_text(json.dumps(make(base / name)))
    return {"folder": str(base / name), **json.loads(record.read_text())}


@pytest.fixture(scope="session")
def trained(server, tmp_path_factory) -> PaidProject:
    """Trained, unlearned and prepared for the device; nothing submitted. Tests leave it alone."""

    def make(folder) -> dict:
        server.platform.reset()
        PaidProject(folder, server).finish(*files(paths.PREPARED), file(paths.ESTIMATE))
        assert server.platform.submissions == 0
        return {}

    return PaidProject(Path(_once(tmp_path_factory, "trained", make)["folder"]), server)


@pytest.fixture(scope="session")
def whole(server, trained, tmp_path_factory) -> Finished:
    """The experiment with its report, on an undisturbed server. Tests leave it alone."""

    def make(folder) -> dict:
        server.platform.reset()
        ran = PaidProject(folder, server, like=trained).finish()
        platform = server.platform
        return {
            "text": ran.text,
            "jobs": [[j.id, j.status, j.payload["tags"]] for j in platform.jobs.values()],
            "access_tokens": sorted(platform.access_tokens),
        }

    record = _once(tmp_path_factory, "whole", make)
    return Finished(PaidProject(Path(record["folder"]), server), Ran(0, record["text"], ""), record)


@pytest.fixture
def prepared(trained, platform, tmp_path) -> PaidProject:
    """A copy in which nothing was submitted, and a new account."""
    return PaidProject(tmp_path / "project", trained.server, like=trained)


@pytest.fixture
def paid(whole, platform, tmp_path) -> PaidProject:
    """A copy of the finished experiment, and a new account that knows none of its jobs."""
    return PaidProject(tmp_path / "project", whole.project.server, like=whole.project)
