"""Hundreds of damaged tables of every kind: what was written is read, or one line says why not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import damaged_bytes, rewritten
from memory import limited
from qmu.errors import QmuError
from qmu.tables import parquet as tables
from qmu.tables.parquet import TableError
from qmu.tables.schemas import SCHEMA_VERSION, SCHEMAS

STAMP = {"experiment": "small", "code_digest": "0123456789abcdef"}
BYTES_PER_KIND, REWRITES_PER_KIND = 45, 45
ROWS = 6


def column(rng, spec):
    spec = spec.removesuffix("*")
    spec, nullable = spec.removesuffix("?"), spec.endswith("?")
    if spec.startswith("vector["):
        return np.stack([scalars(rng, spec[7:-1], 4) for _ in range(ROWS)])
    if spec.startswith("list["):
        return [scalars(rng, spec[5:-1], int(rng.integers(0, 4))) for _ in range(ROWS)]
    values = scalars(rng, spec, ROWS).tolist()
    return [None if nullable and rng.random() < 0.3 else value for value in values]


def scalars(rng, scalar, count):
    if scalar == "string":
        return np.array(["target", "é", "a/b"], dtype=object)[rng.integers(0, 3, count)]
    if scalar in ("double", "float"):
        return rng.normal(size=count).astype({"double": np.float64, "float": np.float32}[scalar])
    return rng.integers(0, 2, count).astype({"bool": bool, "uint8": np.uint8}.get(scalar, np.int64))


def good(rng, kind, path):
    columns = {name: column(rng, spec) for name, spec in SCHEMAS[kind].items()}
    tables.write(path, kind, columns, **STAMP)
    return tables.read(path, kind, experiment="small")


def same(found, written):
    """Whether two results of `tables.read` hold equal values of equal types."""
    return list(found) == list(written) and all(
        found[name].dtype == written[name].dtype
        and repr(found[name].tolist()) == repr(written[name].tolist())
        for name in written
    )


def attempt(path, kind, count):
    """The columns, or None where the file was refused as it should be."""
    try:
        found = tables.read(path, kind, experiment="small")
    except TableError as error:
        text = str(error)
    else:
        text = None
    if text is not None:
        assert str(path) in text
        assert text.isprintable(), ascii(text)
        assert len(text) < 1000
        count["refused"] += 1
        return None
    count["read"] += 1
    for name, values in found.items():
        spec = SCHEMAS[kind].get(name, "string").removesuffix("*")  # or one of any number
        if not spec.endswith("?") and spec[:4] != "list":
            assert values.dtype != object or spec == "string"
    return found


@pytest.fixture
def little_memory():
    """At most 1 GiB beyond what the process has now."""
    with limited(2**30):
        yield


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_damaged_bytes(tmp_path, kind, record_property, little_memory):
    """Parquet has no checksum over its pages here, so a damaged value may be read as another
    value; but never as another type, and never with another ending than a table or one line."""
    rng, count, path = np.random.default_rng(sorted(SCHEMAS).index(kind)), Counter(), tmp_path / "t"
    written = good(rng, kind, path)
    content = path.read_bytes()
    for _ in range(BYTES_PER_KIND):
        path.write_bytes(damaged_bytes(rng, content))
        attempt(path, kind, count)
    path.write_bytes(content)
    assert same(attempt(path, kind, count), written)
    record_property("cases", sum(count.values()))
    assert count["refused"] > BYTES_PER_KIND // 4


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_tables_that_something_else_wrote(tmp_path, kind, record_property):
    rng, count, path = np.random.default_rng(sorted(SCHEMAS).index(kind)), Counter(), tmp_path / "t"
    written = good(rng, kind, path)
    table = pq.read_table(path, partitioning=None)
    optional = {name for name, spec in SCHEMAS[kind].items() if spec.endswith("*")}
    harmless = {"order", "codec", "groups", "dictionary", "uneven", "extra"}
    for _ in range(REWRITES_PER_KIND):
        way = rewritten(rng, table, str(path))
        found = attempt(path, kind, count)
        if way in harmless:
            assert found is not None, way
            assert same(found, written), way
        if way in ("name", "drop"):
            # A column that may be absent is: the rest is read.
            assert found is None or set(written) - set(found) <= optional, way
    record_property("cases", sum(count.values()))


def test_more_than_500_tables():
    assert (BYTES_PER_KIND + REWRITES_PER_KIND) * len(SCHEMAS) >= 500


def refused(path, kind, *words, **options):
    with pytest.raises(TableError) as caught:
        tables.read(path, kind, **options)
    text = str(caught.value)
    assert text.isprintable()
    for word in (str(path), *words):
        assert word in text, text
    return text


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "history.parquet"
    columns = {"epoch": [1, 2], "loss": [0.5, 0.25], "accuracy": [0.1, 0.2]}
    tables.write(path, "history", columns, **STAMP)
    return path


def test_what_is_no_file(tmp_path, history):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("folder", "pipe", "loop", "dangling", "device", "nothing"):
        refused(tmp_path / name, "history")
    for name in ("x" * 300, "a\0b"):
        with pytest.raises(TableError, match="no such file") as caught:
            tables.read(tmp_path / name, "history")
        assert str(caught.value).isprintable()


def test_a_link_to_a_table_is_the_table(tmp_path, history):
    (tmp_path / "link").symlink_to(history)
    assert same(tables.read(tmp_path / "link", "history"), tables.read(history, "history"))


def test_writing_replaces_a_link_and_not_what_it_points_to(tmp_path, history):
    """A results file that was made a link: what lies elsewhere stays as it is."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    (tmp_path / "t.parquet").symlink_to(elsewhere)
    columns = tables.read(history, "history")
    tables.write(tmp_path / "t.parquet", "history", columns, **STAMP)
    assert elsewhere.read_text() == "precious"
    assert not (tmp_path / "t.parquet").is_symlink()


def test_a_column_twice(history):
    table = pq.read_table(history)
    pq.write_table(table.append_column("loss", table.column("loss")), history)
    refused(history, "history", "loss")


def test_metadata_that_is_no_text(history):
    table = pq.read_table(history)
    foreign = {**table.schema.metadata, b"\xff\xfe": b"x", b"qmu.code_digest": b"\xff"}
    pq.write_table(table.replace_schema_metadata(foreign), history)
    assert tables.read(history, "history")["epoch"].tolist() == [1, 2]
    assert set(tables.metadata(history)) >= {"qmu.table", "qmu.code_digest"}


def test_a_small_file_that_stands_for_gigabytes(tmp_path, little_memory):
    """Equal numbers pack into kilobytes; where memory ends, reading them ends with one line."""
    path = tmp_path / "history.parquet"
    names = ("epoch", "loss", "accuracy")
    schema = pa.schema(
        [pa.field(n, pa.int64() if n == "epoch" else pa.float64(), nullable=False) for n in names],
        metadata={"qmu.table": "history", "qmu.schema_version": str(SCHEMA_VERSION)},
    )
    arrays = [pa.array(np.zeros(2**22, kind)) for kind in (np.int64, float, float)]
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for _ in range(14):
            writer.write_table(pa.table(arrays, schema=schema))
    assert path.stat().st_size < 2**20
    refused(path, "history", "not a readable Parquet file")


CRASH = """
import sys
from qmu.errors import QmuError
from qmu.tables import parquet as tables
for path in sys.argv[1:]:
    try:
        tables.read(path, "outputs")
    except QmuError:
        pass
print("alive")
"""


def test_no_damage_ends_the_process(tmp_path):
    """Flipped bytes in the pages of the largest kind, in a process of their own."""
    rng, files = np.random.default_rng(7), []
    good(rng, "outputs", tmp_path / "t")
    content = (tmp_path / "t").read_bytes()
    for number in range(150):
        data = bytearray(content)
        for _ in range(int(rng.integers(1, 4))):
            data[int(rng.integers(4, len(data)))] = int(rng.integers(0, 256))
        files.append(tmp_path / f"{number}")
        files[-1].write_bytes(data)
    ran = subprocess.run(
        [sys.executable, "-c", CRASH, *map(str, files)], capture_output=True, text=True
    )
    assert ran.stdout == "alive\n", ran.stderr


def test_the_error_is_one_that_jobs_show():
    assert issubclass(TableError, QmuError)
