"""Hundreds of damaged tables of predictions: read sanely, or one line says what is wrong."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import damaged_bytes, rewritten
from memory import limited
from predictions_rows import rows_of
from qmu.data.predictions import SECTION, Config, read
from qmu.errors import ConfigError
from qmu.variants import RETRAIN, TARGET

CELLS, BYTES, PARQUET = 300, 100, 100
# What people and programs write where an id, a flag, a name or a number should stand.
ODD = [
    *("", " ", "NA", "nan", "inf", "-inf", "1e999", "-1", "0.5", "2", "1e30", "9" * 40, "1 000"),
    *("true", "no", "TRUE", "maybe", "original", "retrained:9", "unlearned:", "shadow:ga", "a,b"),
    *('"', "é", "\u200b", "a\0b", "x" * 3000, "007", "+1", "½"),
]


@pytest.fixture(autouse=True)
def little_memory():
    """At most 1.5 GiB beyond what the process has now."""
    with limited(3 * 2**29):
        yield


@pytest.fixture(scope="module")
def rows():
    return rows_of(("ga",), further=1, residues=(50,), shadows=2, compared=True)


def text_of(rows):
    return "".join(",".join(row) + "\n" for row in rows)


def attempt(path, count):
    """Reads a table; fails for any other end than sane predictions or one line."""
    try:
        whole = read(Config(path=str(path)))
    except ConfigError as error:
        text = str(error)
        count["refused"] += 1
        assert text.startswith(f"{SECTION}.path: {path}: ")
        assert text.isprintable(), ascii(text)
        assert len(text) < 7000
        return
    count["read"] += 1
    rows = len(whole.label)
    assert whole.seeds
    assert 0 <= whole.label.min() <= whole.label.max() < whole.classes
    assert len(set(whole.sample_id.tolist())) == rows
    models = [*whole.variants.values(), *(one for of in whole.shadows.values() for one in of)]
    for one in models:
        assert one.member.shape == (rows,)
        assert one.logits.shape == (rows, whole.classes)
        assert np.all(np.isfinite(one.logits.max(axis=1)))
        assert not np.isnan(one.logits).any()
    for seed in whole.seeds:
        target = whole.variants[TARGET, seed].member
        retrained = whole.variants[RETRAIN, seed].member
        np.testing.assert_array_equal(retrained, target & ~whole.forget)
        assert np.any(target & whole.forget)
        assert np.any(~target & ~whole.forget)


def changed(rng, rows):
    """The text of a CSV with one or two things changed."""
    rows = [list(row) for row in rows]
    for _ in range(int(rng.integers(1, 3))):
        row = int(rng.integers(0, len(rows)))
        place = int(rng.integers(0, max(len(rows[row]), 1)))
        odd = ODD[int(rng.integers(0, len(ODD)))]
        way = rng.choice(["cell", "cell", "column", "drop", "twice", "without", "swap", "model"])
        if way == "cell" and rows[row]:
            rows[row][place] = odd
        elif way == "column":
            for one in rows[1:]:
                one[place : place + 1] = [odd]
        elif way == "drop":
            del rows[row][place : place + 1]
        elif way == "twice":
            rows.append(list(rows[row]))
        elif way == "without" and row:
            del rows[row]
        elif way == "model" and row and len(rows[row]) > 2:
            gone = rows[row][2]
            rows = [rows[0], *(one for one in rows[1:] if gone not in one)]
        else:
            other = int(rng.integers(0, len(rows)))
            rows[row], rows[other] = rows[other], rows[row]
    return text_of(rows)


def test_changed_cells_rows_and_models(tmp_path, rows, record_property):
    rng, count, path = np.random.default_rng(17), Counter(), tmp_path / "own.csv"
    path.write_text(text_of(rows))
    attempt(path, count)
    assert count["read"] == 1
    for number in range(CELLS):
        end = ["\n", "\r\n"][number % 2]
        path.write_bytes(changed(rng, rows).replace("\n", end).encode())
        attempt(path, count)
    record_property("cases", sum(count.values()))
    assert count["refused"] > CELLS // 2
    assert count["read"] > CELLS // 20


def columns(rows):
    found = {}
    for name, values in zip(rows[0], zip(*rows[1:], strict=True), strict=True):
        if name.startswith("logit"):
            found[name] = [float(value) for value in values]
        elif name in ("member", "forget"):
            found[name] = [value == "1" for value in values]
        else:
            found[name] = list(values) if name == "model" else [int(value) for value in values]
    return found


def test_damaged_bytes(tmp_path, rows, record_property):
    rng, count, path = np.random.default_rng(18), Counter(), tmp_path / "own"
    stream = io.BytesIO()
    pq.write_table(pa.table(columns(rows)), stream)
    contents = [text_of(rows).encode(), stream.getvalue()]
    for content in contents:
        path.write_bytes(content)
        attempt(path, count)
    assert count["read"] == len(contents)
    for number in range(BYTES):
        path.write_bytes(damaged_bytes(rng, contents[number % 2]))
        attempt(path, count)
    record_property("cases", sum(count.values()))
    assert count["refused"] > BYTES // 3


def test_parquet_that_something_else_wrote(tmp_path, rows, record_property):
    rng, count, path = np.random.default_rng(19), Counter(), tmp_path / "own.parquet"
    whole = pa.table(columns(rows)).replace_schema_metadata({"a": "b"})
    for _ in range(PARQUET):
        rewritten(rng, whole, str(path))
        attempt(path, count)
    record_property("cases", sum(count.values()))
    assert count["refused"] > PARQUET // 10
