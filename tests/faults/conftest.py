"""One undisturbed run of the small experiment to compare with, and copies that may be broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from disturbed import Small
from reliability import Tally


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Small:
    """The finished small experiment. Tests leave it as it is."""
    project = Small(tmp_path_factory.mktemp("undisturbed") / "project")
    ran = project.local("--cores", "2")
    assert ran.code == 0, ran.text
    return project


@pytest.fixture
def fresh(undisturbed, tmp_path) -> Small:
    """The same workflow and its compiled programs, without results."""
    return Small(tmp_path / "fresh", like=undisturbed)


@pytest.fixture
def carried(undisturbed, tmp_path) -> Small:
    """A copy of the finished project that a test may damage."""
    return Small(tmp_path / "carried", like=undisturbed, finished=True)


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Tally]:
    """The rows of this session: tests of one fault add up."""
    return {}


@pytest.fixture
def tally(request, outcomes):
    """Writes down how often a fault was tried and how often it was survived."""

    def start(fault: str, happens: str) -> Tally:
        return outcomes.setdefault(fault, Tally(fault, happens))

    yield start
    for row in outcomes.values():
        row.save(Path(request.config.rootpath))
