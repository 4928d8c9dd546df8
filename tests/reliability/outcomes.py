"""What the tests of faults found, as the rows of the README's reliability table.

A test that causes a fault says so with a marker:

    @pytest.mark.fault("a full disk", "one line names the file; with space the run finishes")

Every such test counts as one try, which held where the test passed. A test that causes its fault
several times takes the fixture ``tries`` and counts by itself. Rows of the same words add up.

The outcomes are written, one file per test, to the folder that the environment variable
QMU_RELIABILITY names; without it nothing is written. A folder of tests takes part when its
conftest.py imports ``pytest_configure``, ``pytest_runtest_makereport`` and ``tries`` from here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

VARIABLE = "QMU_RELIABILITY"
BEGIN, END = "<!-- reliability: begin -->", "<!-- reliability: end -->"
HEAD = "| where | fault | what happens | tried | came through |\n|---|---|---|---:|---:|"
# Folder of tests -> what its rows show as their place, in the order of the table.
PLACES = {"faults": "any machine", "cluster": "SLURM", "ibm": "IBM Quantum"}
MARKER = "fault(fault, happens): the test causes this fault; a row of the reliability table"


@dataclass(frozen=True)
class Row:
    """``held`` of ``tried`` times the fault ended as ``happens`` says; ``skipped`` tests."""

    place: str
    fault: str
    happens: str
    tried: int = 0
    held: int = 0
    skipped: int = 0

    def key(self) -> tuple[int, str, str]:
        """What the table is sorted by, and what makes two rows one."""
        return list(PLACES.values()).index(self.place), self.fault.lower(), self.happens

    def line(self) -> str:
        """The row in Markdown."""
        return f"| {self.place} | {self.fault} | {self.happens} | {self.tried} | {self.held} |"


@dataclass
class Tries:
    """How often a test caused its fault, and how often that ended as promised."""

    tried: int = 0
    held: int = 0


_TRIES = pytest.StashKey[Tries]()


@pytest.fixture
def tries(request) -> Tries:
    """The counts of a test that causes its fault more than once."""
    return request.node.stash.setdefault(_TRIES, Tries())


def pytest_configure(config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Write down how a marked test ended."""
    report = yield
    marker = item.get_closest_marker("fault")
    over = report.when == "call" or (report.when == "setup" and not report.passed)
    if marker and over and os.environ.get(VARIABLE):
        row = Row(PLACES[item.path.parent.name], *marker.args, **marker.kwargs)
        counts = item.stash.get(_TRIES, None)
        if report.skipped:
            row = replace(row, skipped=1)
        elif counts is None:
            row = replace(row, tried=1, held=int(report.passed))
        else:
            row = replace(row, tried=counts.tried, held=counts.held)
        save(row, item.nodeid, folder())
    return report


def folder() -> Path:
    """Where the outcomes are kept."""
    return Path(os.environ[VARIABLE])


def save(row: Row, test: str, target: Path) -> None:
    """Write one test's row; a later run of the same test replaces it."""
    target.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(test.encode()).hexdigest()[:20]
    (target / f"{name}.json").write_text(json.dumps(asdict(row), indent=1) + "\n")


def rows(source: Path) -> list[Row]:
    """The outcomes of all tests, those of the same words added up, in the table's order."""
    found: dict[tuple[int, str, str], Row] = {}
    for file in source.glob("*.json"):
        row = Row(**json.loads(file.read_text()))
        before = found.get(row.key(), replace(row, tried=0, held=0, skipped=0))
        sums = {name: getattr(before, name) + getattr(row, name) for name in _COUNTS}
        found[row.key()] = replace(row, **sums)
    return [found[key] for key in sorted(found)]


_COUNTS = ("tried", "held", "skipped")


def table(found: list[Row]) -> str:
    """The rows as a Markdown table."""
    return "\n".join([HEAD, *(row.line() for row in found)])


def between_markers(text: str) -> str | None:
    """The table that a document shows; None where it has no markers."""
    found = re.search(re.escape(BEGIN) + r"\n(.*?)" + re.escape(END), text, re.S)
    return found and found[1].rstrip("\n")


def drift(shown: str, found: list[Row]) -> list[str]:
    """Lines in which a document's table and the outcomes differ.

    Where a test was skipped, as on a machine without SLURM, the counts of its row are unknown: only
    the words must stand there.
    """
    lines, faults = shown.splitlines(), []
    for row in found:
        start = row.line().rsplit("|", 3)[0] if row.skipped else row.line()
        match = next((line for line in lines if line.startswith(start)), None)
        if match is None:
            faults.append(f"found, but not shown: {row.line()}")
        else:
            lines.remove(match)
    faults += [f"shown, but not found: {line}" for line in lines if line not in HEAD.splitlines()]
    return faults
