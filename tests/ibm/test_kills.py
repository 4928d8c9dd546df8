"""SIGKILL at every moment that matters, and at random ones: one paid job in the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from qmu.ibm.jobs import raw_result
from qmu.seeds import generator

# Moments of a request on the server, and files that are about to get their place.
REQUESTS = [
    ("received", "list"),
    ("received", "open"),
    ("received", "post"),
    ("effective", "post"),
    ("answered", "post"),
    ("answered", "job"),
    ("received", "results"),
    ("effective", "results"),
]
FILES = ["intent.json", "job.json", "result.json", "calibration.json"]

pytestmark = pytest.mark.fault(
    "SIGKILL while a job is submitted or collected",
    "a rerun finds the job again: one job is paid, and its result is whole",
)


class Forker:
    """Children that submit and collect, from one process that has already imported the client."""

    def __init__(self, server, home: Path) -> None:
        environment = {**server.process_environment(), "HOME": str(home)}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "worker.py"), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self._answer()

    def _answer(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def start(self, folder: Path, die_before: str | None = None, **settings: float) -> int:
        """The pid of a new child."""
        log = str(folder.parent / "child.log")
        order = {"folder": str(folder), "log": log, "die_before": die_before, "settings": settings}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return self._answer()["pid"]

    def status(self) -> int:
        """The exit status of the child that was started last."""
        return self._answer()["status"]


@pytest.fixture(scope="module")
def forker(server, tmp_path_factory):
    """The forking process, ended at the end."""
    forker = Forker(server, tmp_path_factory.mktemp("home"))
    yield forker
    forker.process.stdin.close()
    forker.process.wait(20)


def kill(pid: int) -> None:
    """SIGKILL; the child may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def check(forker, platform, folder: Path, **settings: float) -> None:
    """A run that nobody kills finishes; one job was not cancelled; its result is there."""
    forker.start(folder, **settings)
    assert forker.status() == 0, (folder.parent / "child.log").read_text()
    assert len(platform.paid) == 1
    header, _ = raw_result.read_result(folder / "result.json")
    assert header["job_id"] == platform.paid[0].id
    assert json.loads((folder / "calibration.json").read_text())["available"]


def killed_at_request(forker, platform, folder: Path, moment: str, route: str) -> int:
    """The status of a child that dies at this moment of a request."""
    ready = threading.Event()
    pids: list[int] = []

    def hook() -> None:
        ready.wait(10)
        kill(pids[0])

    platform.faults.once(moment, route, hook)
    pids.append(forker.start(folder))
    ready.set()
    return forker.status()


@pytest.mark.parametrize(("moment", "route"), REQUESTS)
def test_killed_at_a_request(forker, platform, run, moment, route):
    """Wherever the server is in handling it."""
    assert killed_at_request(forker, platform, run.folder, moment, route) == -signal.SIGKILL
    check(forker, platform, run.folder)
    assert platform.submissions == 1


def test_killed_after_acceptance_while_the_list_lags(forker, platform, run):
    """The intent says that a job may be on its way, so the next run looks for longer."""
    platform.listing_lag = 1.5
    assert killed_at_request(forker, platform, run.folder, "effective", "post") == -9
    check(forker, platform, run.folder, settle_seconds=6.0)
    assert platform.submissions == 1


@pytest.mark.parametrize("name", FILES)
def test_killed_before_a_file_gets_its_place(forker, platform, run, name):
    """Half-written files are never taken for whole ones."""
    forker.start(run.folder, die_before=name)
    assert forker.status() == -signal.SIGKILL
    assert not (run.folder / name).exists()
    check(forker, platform, run.folder)
    assert platform.submissions == 1


def test_killed_at_all_of_them_in_a_row(forker, platform, run):
    """One folder, twelve deaths."""
    for name in FILES[:1]:
        forker.start(run.folder, die_before=name)
        assert forker.status() == -signal.SIGKILL
    for moment, route in REQUESTS:
        # After an accepted job is known, the requests of submitting no longer happen.
        killed_at_request(forker, platform, run.folder, moment, route)
        platform.faults.clear()
    for name in FILES[1:]:
        forker.start(run.folder, die_before=name)
        forker.status()
    check(forker, platform, run.folder)
    assert platform.submissions == 1


def test_killed_at_ten_random_moments(forker, platform, run, tmp_path):
    """Delays drawn by name over the time that a whole run takes."""
    begin = time.monotonic()
    check(forker, platform, run.folder)
    whole = time.monotonic() - begin
    platform.reset()
    folder, deaths = tmp_path / "random", 0
    folder.mkdir()
    for part in generator("tests", "hardware", "kills").uniform(0, 1, 10):
        pid = forker.start(folder)
        time.sleep(part * whole)
        kill(pid)
        deaths += forker.status() == -signal.SIGKILL
    check(forker, platform, folder)
    assert deaths > 0
    assert platform.submissions == 1
