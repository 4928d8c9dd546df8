"""The README's reliability table shows what the tests of this session found. Runs last, by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import reliability
from reliability import Tally

ROOT = Path(__file__).parents[2]


def test_rows_become_a_table_and_are_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv(reliability.VARIABLE, str(tmp_path / "rows"))
    rows = [Tally("a full disk", "told", 3, 3), Tally("SIGKILL", "resumes", 20, 19)]
    for row in reversed(rows):
        row.save(tmp_path)
    found = reliability.rows(tmp_path)
    assert found == sorted(rows, key=lambda row: row.fault.lower())
    shown = reliability.table(found)
    assert "| SIGKILL | resumes | 20 | 19 |" in shown.splitlines()
    page = f"before\n{reliability.BEGIN}\n{shown}\n{reliability.END}\nafter\n"
    assert reliability.between_markers(page) == shown
    assert reliability.between_markers("no table") is None


def test_the_readme_shows_these_outcomes(request):
    part = any("::" in word or word.endswith(".py") for word in request.config.args)
    if part or request.config.option.keyword:
        pytest.skip("only a part of the faults was tried in this session")
    shown = reliability.between_markers((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown == reliability.table(reliability.rows(ROOT)), (
        "python tests/faults/table.py README.md"
    )
