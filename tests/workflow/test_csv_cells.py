"""A spreadsheet that opens summary.csv evaluates nothing: no cell of text begins a formula."""

from __future__ import annotations

import csv

import pytest
from pipeline import TINY

# A spreadsheet takes what follows these for a formula; some skip leading blanks.
STARTS = tuple("=+-@\t\r\n |%")


def formulas(rows):
    """(row, column, cell) of every cell that is no number and might be evaluated."""
    return [
        (number, column, cell)
        for number, row in enumerate(rows, 1)
        for column, cell in row.items()
        if cell.startswith(STARTS) and not is_number(cell)
    ]


def is_number(cell):
    """Whether the cell is a number and nothing else."""
    try:
        float(cell)
    except ValueError:
        return False
    return cell == cell.strip()


def test_no_cell_of_a_finished_summary_is_a_formula(finished):
    file = finished.project.tiny / "summary.csv"
    with open(file, newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream, strict=True)
        rows = list(reader)
    assert len(rows) > 100
    assert {row["model"] for row in rows} == set(TINY["models"])
    assert any(row["value"].startswith("-") for row in rows)  # numbers may begin like formulas
    assert formulas([{name: name for name in reader.fieldnames}, *rows]) == []
    # Every row has as many cells as the head, and each is text: no cell ran over its quotes.
    assert all(None not in row and None not in row.values() for row in rows)
    text = file.read_text(encoding="utf-8")
    assert '"' not in text
    assert "'" not in text


@pytest.mark.parametrize("cell", ["=1", "+a", "-a", "@a", "\t=1", "-1+1", "+1;", "-0x1", " =1"])
def test_the_search_finds_a_formula(cell):
    assert formulas([{"model": cell}])


@pytest.mark.parametrize("cell", ["-1.5e-3", "-inf", "basic_qnn", "", "a=1", "0"])
def test_the_search_lets_pass(cell):
    assert formulas([{"model": cell}]) == []
