"""One loopback server for the folder; every test gets a new account on it and an empty folder."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from circuit_example import DIGEST, sampler_pub, submission
from outcomes import pytest_configure, pytest_runtest_makereport, tries  # noqa: F401
from qmu.ibm.jobs.service import open_service
from workflow_fixtures import paid, prepared, trained, whole  # noqa: F401

BACKEND = "ibmq_manila"
_MISSING = [name for name in ("qiskit_ibm_runtime", "qiskit_aer") if find_spec(name) is None]
collect_ignore_glob = ["test_*.py"] if _MISSING else []


def pytest_report_header() -> str | None:
    """Say so where the folder is left out."""
    return f"tests/ibm left out: {', '.join(_MISSING)} not installed" if _MISSING else None


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server's thread, stopped at the end."""
    from loopback_server import LoopbackServer

    server = LoopbackServer(tmp_path_factory.mktemp("tls"))
    yield server
    server.stop()


@pytest.fixture
def platform(server, monkeypatch):
    """The platform's side, reset; the environment leads this process's client to it."""
    server.platform.reset()
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    yield server.platform
    server.platform.reset()


class Run:
    """What a workflow does for one job, each part with its own client as in separate processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []

    def submit(self, pub: tuple | None = None, **settings) -> str:
        """The job's id."""
        from qmu.ibm.jobs.submit import submit

        chosen = submission(**settings)
        service = open_service(chosen.waiting, self.lines.append)
        pub = pub if pub is not None else sampler_pub()
        return submit(pub, DIGEST, service, BACKEND, chosen, self.folder, self.lines.append)

    def collect(self, job_id: str, **settings) -> Path:
        """The result's path."""
        from qmu.ibm.jobs.collect import collect

        chosen = submission(**settings)
        service = open_service(chosen.waiting, self.lines.append)
        return collect(job_id, service, chosen, self.folder, self.lines.append)

    def both(self, **settings) -> Path:
        """Submit, then collect."""
        return self.collect(self.submit(**settings), **settings)

    def said(self, words: str) -> bool:
        """Whether a reported line holds these words."""
        return any(words in line for line in self.lines)


@pytest.fixture
def run(platform, tmp_path) -> Run:
    """A run in an empty folder."""
    folder = tmp_path / "job"
    os.mkdir(folder)
    return Run(folder)
