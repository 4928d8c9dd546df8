"""The README's reliability table shows what the tests found when they caused each fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import outcomes
import pytest
from outcomes import Row

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
DISK = Row("any machine", "a full disk", "told", 3, 3)
NODE = Row("SLURM", "a lost node", "submitted again", 2, 1)

CONFTEST = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from outcomes import pytest_configure, pytest_runtest_makereport, tries
"""
TESTS = """
import pytest

@pytest.mark.fault("a full disk", "told")
@pytest.mark.parametrize("size", [0, 1])
def test_disk(size):
    assert size == 0

@pytest.mark.fault("kills", "resumed")
def test_kills(tries):
    tries.tried = 20
    tries.held = 19

@pytest.fixture
def absent():
    pytest.skip("nothing here")

@pytest.mark.fault("a lost node", "submitted again")
def test_node(absent):
    pass

@pytest.fixture
def broken():
    raise RuntimeError

@pytest.mark.fault("a broken set-up", "never")
def test_broken(broken):
    pass

def test_without_a_fault():
    pass
"""


@pytest.fixture
def rows_of_a_session(tmp_path):
    """The rows that a session with one test of each kind leaves."""
    folder = tmp_path / "faults"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, outcomes.VARIABLE: str(tmp_path / "rows")}
    command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider"]
    for _ in range(2):  # again: the same test's outcome is replaced and not added
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert "1 failed, 3 passed, 1 skipped, 1 error" in ran.stdout, ran.stdout
    return outcomes.rows(tmp_path / "rows")


def test_marked_tests_leave_their_outcomes(rows_of_a_session):
    place = "any machine"
    assert rows_of_a_session == [
        Row(place, "a broken set-up", "never", 1, 0),
        Row(place, "a full disk", "told", 2, 1),
        Row(place, "a lost node", "submitted again", 0, 0, 1),
        Row(place, "kills", "resumed", 20, 19),
    ]


def test_rows_of_the_same_words_add_up(tmp_path):
    for number, row in enumerate((NODE, DISK, DISK)):
        outcomes.save(row, f"test_{number}", tmp_path)
    found = outcomes.rows(tmp_path)
    assert found == [Row("any machine", "a full disk", "told", 6, 6), NODE]
    lines = outcomes.table(found).splitlines()
    assert "| any machine | a full disk | told | 6 | 6 |" in lines
    assert len(lines) == 4


def test_drift_is_seen():
    shown = outcomes.table([DISK, NODE])
    assert outcomes.drift(shown, [DISK, NODE]) == []
    assert len(outcomes.drift(shown, [DISK])) == 1
    assert len(outcomes.drift(outcomes.HEAD, [DISK])) == 1
    assert len(outcomes.drift(shown, [DISK, Row("SLURM", NODE.fault, NODE.happens, 3, 1)])) == 2
    skipped = Row("SLURM", NODE.fault, NODE.happens, 0, 0, 1)
    assert outcomes.drift(shown, [DISK, skipped]) == []
    assert len(outcomes.drift(outcomes.table([DISK]), [DISK, skipped])) == 1


def put(arguments, rows, tmp_path):
    for row in rows:
        outcomes.save(row, row.fault, tmp_path / "rows")
    environment = {**os.environ, outcomes.VARIABLE: str(tmp_path / "rows")}
    command = [sys.executable, str(HERE / "table.py"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_the_table_is_put_into_a_document(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{outcomes.BEGIN}\n{outcomes.END}\nafter\n")
    for rows in ([DISK], [NODE]):
        ran = put([page], rows, tmp_path)
        assert ran.returncode == 0, ran.stderr
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert outcomes.between_markers(text) == outcomes.table([DISK, NODE])
    assert put([], [], tmp_path).stdout == outcomes.table([DISK, NODE]) + "\n"


def test_a_table_with_gaps_or_without_a_place_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no markers\n")
    assert "no outcomes" in put([page], [], tmp_path).stderr
    assert "has no lines" in put([page], [DISK], tmp_path).stderr
    ran = put([page], [Row("SLURM", "a lost node", "submitted again", skipped=1)], tmp_path)
    assert ran.stderr == "not renewed, since tests were skipped: a lost node\n"
    assert page.read_text() == "no markers\n"


def test_the_readme_shows_what_the_tests_found():
    """The last of `make test`: all tests of faults have run before it."""
    if not os.environ.get(outcomes.VARIABLE):
        pytest.skip(f"no outcomes were collected: {outcomes.VARIABLE} is not set (see Makefile)")
    found = outcomes.rows(outcomes.folder())
    assert found, outcomes.folder()
    assert all(row.held == row.tried for row in found), outcomes.table(found)
    shown = outcomes.between_markers(README.read_text(encoding="utf-8"))
    assert shown is not None
    assert outcomes.drift(shown, found) == [], "`make reliability` renews the table"
