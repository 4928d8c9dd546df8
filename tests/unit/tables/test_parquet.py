"""Parquet tables: round trips, atomic writes, and one clear line for everything that is wrong."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from qmu.errors import QmuError
from qmu.tables import parquet as tables
from qmu.tables.parquet import TableError
from qmu.tables.schemas import SCHEMA_VERSION, SCHEMAS

STAMP = {"experiment": "small", "code_digest": "0123456789abcdef"}
DTYPES = {"int64": np.int64, "uint8": np.uint8, "double": np.float64, "float": np.float32}
HISTORY = {"epoch": [1, 2], "loss": [0.5, 0.25], "accuracy": [0.1, 0.2]}


def random_column(rng, spec, rows):
    spec = spec.removesuffix("*")
    nullable, spec = spec.endswith("?"), spec.removesuffix("?")
    if spec.startswith("vector["):
        return random_values(rng, spec[7:-1], (rows, 5))
    if spec.startswith("list["):
        return [random_values(rng, spec[5:-1], int(n)) for n in rng.integers(0, 4, rows)]
    values = random_values(rng, spec, rows)
    if nullable:
        return [None if rng.random() < 0.4 else value for value in values.tolist()]
    return values


def random_values(rng, scalar, shape):
    if scalar == "string":
        return rng.choice(np.array(["a", "", "é", "a b/c"], dtype=object), shape)
    if scalar == "bool":
        return rng.random(shape) < 0.5
    if scalar in ("double", "float"):
        values = rng.normal(size=shape).astype(DTYPES[scalar])
        return np.where(rng.random(shape) < 0.2, DTYPES[scalar](-np.inf), values)
    low, high = (0, 256) if scalar == "uint8" else (-(2**62), 2**62)
    return rng.integers(low, high, shape, dtype=DTYPES[scalar])


def present(kind):
    """The columns of a table that lacks none."""
    return {name: spec.removesuffix("*") for name, spec in SCHEMAS[kind].items()}


def columns_of(rng, kind, rows):
    return {name: random_column(rng, spec, rows) for name, spec in SCHEMAS[kind].items()}


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "history.parquet"
    tables.write(path, "history", HISTORY, **STAMP)
    return path


@pytest.mark.parametrize("rows", [0, 1, 17])
@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_round_trip(tmp_path, rng, kind, rows):
    columns = columns_of(rng, kind, rows)
    tables.write(tmp_path / "t.parquet", kind, columns, **STAMP)
    found = tables.read(tmp_path / "t.parquet", kind, experiment="small")
    assert list(found) == list(SCHEMAS[kind])
    for name, spec in present(kind).items():
        assert len(found[name]) == rows
        if spec.startswith("list["):
            for written, read in zip(columns[name], found[name], strict=True):
                assert read.dtype == written.dtype
                assert np.array_equal(written, read)
        else:
            assert list(map(plain, columns[name])) == list(map(plain, found[name]))
        if spec.startswith("vector["):
            assert found[name].shape == (rows, 5)
            assert found[name].dtype == DTYPES[spec[7:-1]]
        if spec in DTYPES:
            assert found[name].dtype == DTYPES[spec]


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@pytest.mark.parametrize("absent", [["image"], ["image", "features"], ["real", "imaginary"]])
def test_a_column_that_may_be_absent(tmp_path, rng, absent):
    columns = columns_of(rng, "pool", 4)
    for name in absent:
        del columns[name]
    tables.write(tmp_path / "t.parquet", "pool", columns, **STAMP)
    found = tables.read(tmp_path / "t.parquet", "pool", experiment="small")
    assert list(found) == [name for name in SCHEMAS["pool"] if name not in absent]
    assert np.array_equal(found["sample_id"], columns["sample_id"])


def test_any_number_of_columns_under_one_name(tmp_path, rng):
    columns = columns_of(rng, "pool", 4)
    names = [name for name in columns if not name.endswith("/*")]
    columns = {name: columns[name] for name in names}
    for groups in ([], ["group/site"], ["group/site", "group/a b", "group/"]):
        written = columns | {name: np.array(["a", "é", "", "b"], object) for name in groups}
        tables.write(tmp_path / "t.parquet", "pool", written, **STAMP)
        found = tables.read(tmp_path / "t.parquet", "pool")
        assert list(found) == names + groups
        assert all(found[name].tolist() == ["a", "é", "", "b"] for name in groups)
    with pytest.raises(TableError, match=r"does not know \['groups'\]"):
        tables.write(tmp_path / "t.parquet", "pool", columns | {"groups": np.ones(4)}, **STAMP)


def test_a_column_that_must_not_be_absent(tmp_path, rng):
    columns = columns_of(rng, "pool", 4)
    del columns["role"]
    with pytest.raises(TableError, match=r"lacks \['role'\]"):
        tables.write(tmp_path / "t.parquet", "pool", columns, **STAMP)


def test_nan_is_a_number_and_none_is_not(tmp_path):
    path = tmp_path / "t.parquet"
    rows = {
        name: [None if spec.endswith("?") else "x"] for name, spec in SCHEMAS["summary"].items()
    }
    tables.write(path, "summary", rows | {"value": [np.nan]}, **STAMP)
    found = tables.read(path, "summary")
    assert np.isnan(found["value"][0])
    assert found["seed"][0] is None
    assert found["ci_low"][0] is None


def test_metadata_names_kind_version_experiment_and_code(history):
    assert tables.metadata(history) == {
        "qmu.table": "history",
        "qmu.schema_version": str(SCHEMA_VERSION),
        "qmu.experiment": "small",
        "qmu.code_digest": "0123456789abcdef",
    }


def test_the_same_content_gives_the_same_bytes(tmp_path):
    for kind in SCHEMAS:
        for name in ("a", "b"):
            columns = columns_of(np.random.default_rng(1), kind, 9)
            tables.write(tmp_path / name, kind, columns, **STAMP)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_write_leaves_the_old_file_and_no_temporary(history, monkeypatch):
    before = history.read_bytes()

    def fail(table, path, **options):
        path.write_bytes(b"half a file")
        raise OSError("disk full")

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        tables.write(history, "history", HISTORY | {"loss": [1.0, 2.0]}, **STAMP)
    assert history.read_bytes() == before
    assert os.listdir(history.parent) == [history.name]


def test_an_interrupted_first_write_leaves_nothing(tmp_path):
    def interrupted():
        with tables.atomic(tmp_path / "new" / "t.parquet") as temporary:
            temporary.write_bytes(b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path / "new") == []


def test_a_target_that_cannot_be_replaced_leaves_no_temporary(tmp_path):
    (tmp_path / "t.parquet").mkdir()
    with pytest.raises(OSError, match=r"t\.parquet"):
        tables.write(tmp_path / "t.parquet", "history", HISTORY, **STAMP)
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_files_have_the_usual_permissions(history):
    umask = os.umask(0)
    os.umask(umask)
    assert history.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": [1.0]}, "different lengths"),
        ({"epoch": [1.5, 2]}, "column 'epoch' does not fit int64"),
        ({"epoch": [1, None]}, "column 'epoch' "),
        ({"epoch": ["a", "b"]}, "column 'epoch' does not fit int64"),
        ({"epoch": np.array([1, None], dtype=object)}, "column 'epoch' has no value in row 1"),
        ({"loss": np.zeros((2, 2))}, "column 'loss' does not fit double"),
        ({"extra": [1, 2]}, r"does not know \['extra'\]"),
    ],
)
def test_what_does_not_fit_is_not_written(tmp_path, change, message):
    path = tmp_path / "history.parquet"
    with pytest.raises(TableError, match=message) as caught:
        tables.write(path, "history", HISTORY | change, **STAMP)
    assert str(path) in one_line(caught)
    assert os.listdir(tmp_path) == []


def test_ragged_and_flat_vectors_are_not_written(tmp_path, rng):
    columns = columns_of(rng, "pool", 2)
    for bad in (np.zeros(2), [[1.0, 2.0], [1.0]]):
        with pytest.raises(TableError, match="column 'features'"):
            tables.write(tmp_path / "t", "pool", columns | {"features": bad}, **STAMP)
    with pytest.raises(TableError, match="column 'image' does not fit"):
        tables.write(tmp_path / "t", "pool", columns | {"image": np.full((2, 4), 256)}, **STAMP)


def one_line(caught):
    assert issubclass(caught.type, QmuError)
    text = str(caught.value)
    assert "\n" not in text
    return text


def stored(path, change=None, metadata=None, drop=None):
    """Rewrite a table's file with foreign content."""
    table = pq.read_table(path)
    kept = {key: value for key, value in (table.schema.metadata or {}).items()}
    arrays = {name: table.column(name) for name in table.column_names if name != drop}
    arrays |= change or {}
    new = pa.table(arrays).replace_schema_metadata(kept if metadata is None else metadata)
    pq.write_table(new, path)


def fails(path, *parts, kind="history", **options):
    with pytest.raises(TableError) as caught:
        tables.read(path, kind, **options)
    text = one_line(caught)
    for part in (str(path), *parts):
        assert part in text, text


def test_reading_a_missing_file(tmp_path):
    fails(tmp_path / "none.parquet", "no such file")


def test_reading_a_truncated_file(history):
    content = history.read_bytes()
    for length in (0, 3, len(content) // 2, len(content) - 1):
        history.write_bytes(content[:length])
        fails(history, "not a readable Parquet file")


def test_reading_a_file_with_damaged_pages(history):
    content = bytearray(history.read_bytes())
    content[4:40] = b"\xff" * 36
    history.write_bytes(content)
    fails(history, "not a readable Parquet file")


def test_reading_something_else(history):
    history.write_text("epoch,loss\n1,2\n" * 10)
    fails(history, "not a readable Parquet file")


def test_reading_another_kind(history):
    fails(history, "holds history, not 'outputs'", kind="outputs")


def test_reading_a_foreign_parquet_file(history):
    stored(history, metadata={})
    fails(history, "holds a foreign table, not 'history'")


def test_reading_another_version(history):
    stored(history, metadata={"qmu.table": "history", "qmu.schema_version": "0"})
    fails(history, f"schema version 0, this qmu reads {SCHEMA_VERSION}")


def test_reading_another_experiment(history):
    fails(history, "belongs to experiment 'small', not 'other'", experiment="other")


def test_reading_without_a_column(history):
    stored(history, drop="loss")
    fails(history, "column 'loss' is missing")


def test_reading_a_wrong_type(history):
    stored(history, change={"epoch": pa.array([1.0, 2.0])})
    fails(history, "column 'epoch' has type double, not int64")


def test_reading_a_null(history):
    stored(history, change={"loss": pa.array([1.0, None])})
    fails(history, "column 'loss' has no value in row 1")


def test_reading_a_null_inside_a_list(tmp_path, rng):
    path = tmp_path / "parameters.parquet"
    columns = {"name": ["a", "b"], "shape": [[1], [2]], "values": [[1.0], [1.0, 2.0]]}
    tables.write(path, "parameters", columns, **STAMP)
    stored(path, change={"values": pa.array([[1.0], [None, 2.0]])})
    fails(path, "column 'values' lacks a number in row 1", kind="parameters")


def test_reading_a_list_for_a_vector(tmp_path, rng):
    path = tmp_path / "outputs.parquet"
    tables.write(path, "outputs", columns_of(rng, "outputs", 2), **STAMP)
    stored(path, change={"logits": pa.array([[1.0], [1.0, 2.0]])})
    fails(path, "column 'logits' has type list", kind="outputs")


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path):
    path = tmp_path / "loss=7" / "history.parquet"
    tables.write(path, "history", HISTORY, **STAMP)
    assert tables.read(path, "history")["loss"].tolist() == HISTORY["loss"]


def test_columns_in_another_order_and_more_of_them_are_read(history):
    table = pq.read_table(history)
    turned = table.select(["loss", "accuracy", "epoch"]).append_column("note", pa.array(["", ""]))
    pq.write_table(turned.replace_schema_metadata(table.schema.metadata), history)
    assert list(tables.read(history, "history")) == ["epoch", "loss", "accuracy"]
