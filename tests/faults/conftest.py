"""One undisturbed run of the small experiment to compare with, and copies that may be broken."""

from __future__ import annotations

import fcntl
import os

import pytest
from disturbed import Small
from outcomes import pytest_configure, pytest_runtest_makereport, tries  # noqa: F401


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Small:
    """The finished small experiment, run once for all workers. Tests leave it as it is."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    with open(base / "undisturbed.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be running it just now
        project = Small(base / "undisturbed")
        if not project.done():
            project.finish()
    return project


@pytest.fixture
def fresh(undisturbed, tmp_path) -> Small:
    """The same workflow and its compiled programs, without results."""
    return Small(tmp_path / "fresh", like=undisturbed)


@pytest.fixture
def carried(undisturbed, tmp_path) -> Small:
    """A copy of the finished project that a test may damage."""
    return Small(tmp_path / "carried", like=undisturbed, finished=True)
