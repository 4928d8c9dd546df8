"""Hundreds of damaged tables of a user's own: read sanely, or one line says what is wrong."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import damaged_bytes, rewritten
from memory import limited
from qmu.data.dataset import checked
from qmu.data.sets import table
from qmu.errors import ConfigError

CELLS, BYTES, PARQUET = 300, 150, 100
ROWS = 12
SETTINGS = {"label": "outcome", "id": "patient", "group": ["site"], "split": "part"}

# What people and programs write where a number, a name or nothing should stand.
ODD = [
    *("", " ", "NA", "n/a", "nan", "-inf", "1e999", "-", "?", "NULL", "None", "#DIV/0!", "#REF!"),
    *("1,5", '"1,5"', "1.234,5", "1 000", "1'000", "12%", "€3", "0x1F", "1_000"),
    *("١٢", "½", "1e-400"),
    *("true", "12:30", "2026-11-25", "=SUM(A1)", "a\0b", "\r", "\n", '"', '""', '"a""b"', "'", ";"),
    *("é", "\u200b", "\ufeff", "\u202e7", "x" * 5000, "9" * 400, "+7", ".5", "5.", "007", "-0"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def little_memory():
    """At most 1.5 GiB beyond what the process has now."""
    with limited(3 * 2**29):
        yield


def columns(rng):
    return {
        "patient": [f"{row:03}" for row in range(ROWS)],
        "site": ["north", "south", "east"] * (ROWS // 3),
        "age": rng.integers(20, 90, ROWS).tolist(),
        "dose": rng.normal(size=ROWS).round(3).tolist(),
        "outcome": ["no", "yes"] * (ROWS // 2),
        "note": [f"note {row}" for row in range(ROWS)],
        "part": ["train", "test"] * (ROWS // 2),
    }


def grid(rng):
    """The rows of a CSV, the header first."""
    found = columns(rng)
    return [list(found), *[[str(v) for v in row] for row in zip(*found.values(), strict=True)]]


def text_of(rows, sign=","):
    return "".join(sign.join(row) + "\n" for row in rows)


def attempt(path, count, **settings):
    """Reads a table; fails for any other end than a sane data set or one line."""
    config = table.Config(**{"path": str(path)} | SETTINGS | settings)
    try:
        known = table.describe(config)
    except ConfigError as error:
        text = str(error)
        count["refused"] += 1
        assert text.startswith("dataset.")
        assert str(path) in text or "is dataset." in text
        assert text.isprintable(), ascii(text)
        assert len(text) < 7000
        return
    count["read"] += 1
    data = checked("table", known, table.load(config))
    assert known.rows == len(data.ids) > 0
    assert known.classes == len(known.labels) == len(set(data.labels.tolist())) > 1
    assert data.inputs.dtype == np.float64
    assert np.all(data.inputs.min(axis=0) < data.inputs.max(axis=0))
    assert len(set(data.ids.tolist())) == known.rows
    assert all(name.strip() for name in [*data.ids, *data.groups["site"]])
    assert data.training.any()


def changed(rng, rows):
    """The text of a CSV with one to three things changed."""
    rows, sign = [list(row) for row in rows], ","
    for _ in range(int(rng.integers(1, 4))):
        row = int(rng.integers(0, len(rows)))
        place = int(rng.integers(0, max(len(rows[row]), 1)))
        odd = ODD[int(rng.integers(0, len(ODD)))]
        way = rng.choice(["cell", "cell", "cell", "column", "drop", "add", "row", "twice", "sign"])
        if way == "cell" and rows[row]:
            rows[row][place] = odd
        elif way == "column":
            for one in rows[1:]:
                one[place : place + 1] = [odd]
        elif way == "drop":
            del rows[row][place : place + 1]
        elif way == "add":
            rows[row].insert(place, odd)
        elif way == "row":
            rows.insert(row, rows[int(rng.integers(0, len(rows)))])
        elif way == "twice" and len(rows) > 2:
            del rows[row]
        else:
            sign = str(rng.choice([";", "\t", "|", ", ", " ,"]))
    return text_of(rows, sign)


def test_changed_cells_columns_and_rows(tmp_path, record_property):
    rng, count, path = np.random.default_rng(7), Counter(), tmp_path / "own.csv"
    rows = grid(rng)
    path.write_text(text_of(rows))
    attempt(path, count)
    assert count["read"] == 1
    for number in range(CELLS):
        end = ["\n", "\r\n", "\r"][number % 3]
        codec = ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"][number % 23 % 5]
        text = changed(rng, rows).replace("\n", end)
        path.write_bytes(text.encode(codec if number % 23 < 5 else "utf-8", errors="replace"))
        settings = {} if number % 2 else {"features": ["age", "dose"]}
        attempt(path, count, **settings)
    record_property("cases", sum(count.values()))
    assert count["refused"] > CELLS // 2
    assert count["read"] > CELLS // 20


def test_damaged_bytes(tmp_path, record_property):
    rng, count, path = np.random.default_rng(8), Counter(), tmp_path / "own"
    stream = io.BytesIO()
    pq.write_table(pa.table(columns(rng)), stream)
    contents = [text_of(grid(rng)).encode(), stream.getvalue()]
    for number in range(BYTES):
        path.write_bytes(damaged_bytes(rng, contents[number % 2]))
        attempt(path, count)
    record_property("cases", sum(count.values()))
    assert count["refused"] > BYTES // 3


def test_parquet_that_something_else_wrote(tmp_path, record_property):
    rng, count, path = np.random.default_rng(9), Counter(), tmp_path / "own.parquet"
    whole = pa.table(columns(rng)).replace_schema_metadata({"a": "b"})
    for _ in range(PARQUET):
        rewritten(rng, whole, str(path))
        attempt(path, count)
    record_property("cases", sum(count.values()))
    assert count["refused"] > PARQUET // 10
    assert count["read"] > PARQUET // 10


def test_more_than_500_tables():
    assert CELLS + BYTES + PARQUET >= 500
