"""A table of the user's own: what it becomes, and one line for everything that is wrong with it."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from qmu.data import tabular
from qmu.data.dataset import checked
from qmu.data.sets import table
from qmu.errors import ConfigError

CSV = """\
patient,site,age,dose,outcome,note,part
007,north,61,2.5,no,first,train
008,south,47,3.5,yes,,test
009,north,38,1e3,no,third,Train
"""
COLUMNS = {
    "patient": ["007", "008", "009"],
    "site": ["north", "south", "north"],
    "age": [61, 47, 38],
    "dose": [2.5, 3.5, 1000.0],
    "outcome": ["no", "yes", "no"],
    "note": ["first", None, "third"],
    "part": ["train", "test", "Train"],
}
NAMED = {"id": "patient", "group": "site", "split": "part"}


@pytest.fixture
def write(tmp_path):
    """Writes text, bytes or Parquet columns, and gives the settings that read them."""

    def written(content=CSV, **settings):
        path = tmp_path / "own"
        if isinstance(content, dict):
            pq.write_table(pa.table(content), path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return table.Config(**{"path": str(path), "label": "outcome"} | settings)

    return written


def refusal(config):
    with pytest.raises(ConfigError) as caught:
        table.describe(config)
    text = str(caught.value)
    assert text.isprintable()
    key, _, told = text.partition(": ")
    assert key in {f"dataset.{name}" for name in table.Config.model_fields}
    return told.removeprefix(f"{config.path}: ")


@pytest.mark.parametrize("content", [CSV, COLUMNS, "\ufeff" + CSV.replace("\n", "\r\n")])
def test_what_a_table_becomes(write, content):
    config = write(content, **NAMED)
    known, data = table.describe(config), table.load(config)
    assert checked("table", known, data) is data
    assert (known.classes, known.rows, known.kind, known.shape) == (2, 3, "features", (2,))
    assert known.labels == ("no", "yes")
    assert known.columns == ("age", "dose")
    assert data.inputs.tolist() == [[61.0, 2.5], [47.0, 3.5], [38.0, 1000.0]]
    assert data.labels.tolist() == [0, 1, 0]
    assert data.ids.tolist() == ["007", "008", "009"]
    assert data.groups["site"].tolist() == ["north", "south", "north"]
    assert data.training.tolist() == [True, False, True]
    assert known.split


def test_without_names_every_row_is_a_training_row(write):
    config = write()
    known, data = table.describe(config), table.load(config)
    assert (known.ids, known.groups, known.split) == (False, (), False)
    assert data.ids is None
    assert data.training.all()
    # Nobody said that these numbers are names.
    assert known.columns == ("patient", "age", "dose")


def test_several_groups_and_chosen_features(write):
    known = table.describe(write(group=["site", "part"], features=["dose"]))
    assert (known.groups, known.columns) == (("site", "part"), ("dose",))


@pytest.mark.parametrize(
    ("values", "names", "codes"),
    [
        (["b", "a", "b"], ("a", "b"), [1, 0, 1]),
        (["10", "9", "10"], ("9", "10"), [1, 0, 1]),
        (["1", "1.0", "2"], ("1", "2"), [0, 0, 1]),
        ([" yes", "no ", "yes"], ("no", "yes"), [1, 0, 1]),
        (["10", "9", "x"], ("10", "9", "x"), [0, 1, 2]),
    ],
)
def test_labels_are_numbered_in_sorted_order(write, values, names, codes):
    config = write("x,outcome\n" + "".join(f"{n},{v}\n" for n, v in enumerate(values)))
    assert table.describe(config).labels == names
    assert table.load(config).labels.tolist() == codes


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([True, False, True], ("false", "true")),
        ([2, 1, 1], ("1", "2")),
        ([2.0, 1.0, 1.0], ("1", "2")),
        ([0.5, -1.0, 0.5], ("-1", "0.5")),
        (pa.array(["u", "v", "u"]).dictionary_encode(), ("u", "v")),
    ],
    ids=["bool", "int", "whole", "float", "dictionary"],
)
def test_labels_of_other_types(write, values, names):
    assert table.describe(write({"x": [1, 2, 3], "outcome": values})).labels == names


def test_numbers_of_other_types(write):
    numbers = [
        pa.array([True, False, True]),
        pa.array([1, 2, 3], pa.uint8()),
        pa.array([1, 2, 3], pa.decimal128(5, 1)),
        pa.array(np.arange(3, dtype=np.float16)),
        pa.array(["1", "2.5", "3"]),
        pa.array([1, 2, 2]).dictionary_encode(),
    ]
    others = [pa.array([1, 2, 3], pa.timestamp("us")), pa.array([[1], [2], [3]]), pa.nulls(3)]
    columns = {f"c{n}": values for n, values in enumerate([*numbers, *others])}
    known = table.describe(write(columns | {"outcome": ["a", "b", "a"]}))
    assert known.columns == tuple(f"c{n}" for n in range(len(numbers)))
    assert "column 'c7': holds no numbers but list" in refusal(
        write(columns | {"outcome": ["a", "b", "a"]}, features=["c7"])
    )


def swapped(old, new):
    return CSV.replace(old, new)


DAMAGE = {
    "missing": (swapped("3.5", ""), "column 'dose', row 1 (line 3): a value is missing"),
    "na": (swapped("3.5", "n/a"), "column 'dose', row 1 (line 3): a value is missing"),
    "nan": (swapped("3.5", "NaN"), "column 'dose', row 1 (line 3): 'NaN' is no finite number"),
    "inf": (swapped("1e3", "-inf"), "column 'dose', row 2 (line 4): '-inf' is no finite number"),
    "overflow": (swapped("1e3", "1e999"), "row 2 (line 4): inf is no finite number"),
    "large": (swapped("1e3", "1e31"), "row 2 (line 4): 1e+31 is too large"),
    "text": (swapped("47", "old"), "column 'age', row 1 (line 3): 'old' is text in a column of"),
    "comma": (swapped("2.5", '"2,5"'), "column 'dose', row 0 (line 2): '2,5' has a comma: numbers"),
    "thousands": (swapped("61", '"1,061"'), "'1,061' has a comma"),
    "all commas": (
        swapped("2.5", '"2,5"').replace("3.5", '"3,5"').replace("1e3", '"1,0"'),
        "column 'dose', row 0 (line 2): '2,5' has a comma",
    ),
    "constant": (swapped("47", "61").replace("38", "61.0"), "column 'age': holds 61 in every row"),
    "one class": (swapped("yes", "no"), "column 'outcome': has one class only, 'no'"),
    "no label": (swapped("yes", ""), "column 'outcome', row 1 (line 3): a value is missing"),
    "nan label": (swapped("yes", "nan"), "column 'outcome', row 1 (line 3): 'nan' is no class"),
    "twice": (swapped("009", "007"), "column 'patient', row 2 (line 4): the id '007' is row 0's"),
    "no id": (swapped("008", " "), "column 'patient', row 1 (line 3): a value is missing"),
    "no group": (swapped("south", ""), "column 'site', row 1 (line 3): a value is missing"),
    "no part": (CSV.replace("rain", "est"), "column 'part': says 'train' of no row"),
    "semicolons": (swapped(",", ";"), "its columns are parted by semicolons: save it with commas"),
    "tabs": (swapped(",", "\t"), "its columns are parted by tabs"),
    "short row": (CSV + "010,north,3\n", "row 3 has 3 values, the header names 7 columns"),
    "long row": (CSV + "010,north,1,1,no,x,y,z\n", "row 3 has 8 values, the header names 7"),
    "quote": (CSV + '"010,north,1,1,no,x,y\n', "row 3 has 1 values"),
    "header alone": (CSV.splitlines()[0], "has no rows"),
    "header line": (CSV.splitlines()[0] + "\n", "has no rows"),
    "column twice": (swapped("age", "dose"), "column 'dose' stands there twice"),
    "empty": ("", "is empty"),
    "blank": ("\n\n\n", "is no CSV"),
    "prose": ("Dear all,\nplease find the table below\n", "row 0 has 1 values, the header names 2"),
    "html": ("<html>\n<body>\n", "is no CSV: its first line names no two columns"),
    "utf-16": (CSV.encode("utf-16"), "is text in UTF-16: save it as UTF-8"),
    "latin-1": (swapped("third", "dôse").encode("latin-1"), "line 4 is no UTF-8 text"),
    "nul": (swapped("third", "a\0b"), "line 4 is no text, so this is no CSV"),
    "excel": (b"PK\x03\x04" + bytes(50), "is an Excel workbook or another archive"),
    "gzip": (b"\x1f\x8b" + bytes(50), "is packed: unpack it"),
    "half parquet": (b"PAR1" + bytes(50), "cannot be read ("),
    "parquet gap": (COLUMNS | {"age": [1, None, 2]}, "column 'age', row 1: a value is missing"),
    "parquet nan": (COLUMNS | {"age": [1.0, np.nan, 2]}, "column 'age', row 1: nan is no finite"),
    "parquet label": (COLUMNS | {"outcome": [1.0, 2.0, np.nan]}, "row 2: a value is missing"),
    "parquet ids": (COLUMNS | {"patient": [[1], [2], [3]]}, "holds list<"),
    "no rows": ({name: values[:0] for name, values in COLUMNS.items()}, "has no rows"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_told_by_column_and_row(write, content, words):
    assert words in refusal(write(content, **NAMED))


def test_text_that_is_named_a_feature(write):
    told = refusal(write(features=["note"]))
    assert told == "column 'note', row 0 (line 2): 'first' is text in a column of numbers"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"label": "outcom"}, "dataset.label: no column 'outcom' in {path}. Did you mean 'outcom"),
        ({"id": "x"}, "dataset.id: no column 'x' in {path}. Valid: age, dose,"),
        ({"group": ["site", "ward"]}, "dataset.group: no column 'ward'"),
        ({"split": "parts"}, "dataset.split: no column 'parts'"),
        ({"features": ["age", "heigth"]}, "dataset.features: no column 'heigth'"),
        ({"features": ["age", "outcome"]}, "dataset.features: column 'outcome' is dataset.label"),
        ({"id": "outcome"}, "dataset.id: column 'outcome' is dataset.label already"),
        ({"features": ["age", "age"]}, "dataset.features: column 'age' is dataset.features"),
    ],
    ids=str,
)  # fmt: skip
def test_columns_that_are_not_there_or_named_twice(write, settings, words):
    config = write(**settings)
    with pytest.raises(ConfigError) as caught:
        table.describe(config)
    assert str(caught.value).startswith(words.format(path=config.path))


def test_a_table_of_names_alone(write):
    told = refusal(write("a,outcome\nx,1\ny,2\n"))
    assert told == "has no column of numbers beside those that are named"


@pytest.mark.parametrize("path", ["/no/such/table.csv", ".", "a\0b", "x" * 300])
def test_a_path_that_is_no_file(path):
    told = refusal(table.Config(path=path, label="y"))
    assert "no such file" in told or "a folder, and no file" in told


def test_what_would_exhaust_memory_is_counted_first(write, monkeypatch):
    monkeypatch.setattr(tabular, "MOST_ROWS", 2)
    assert "has 3 rows, at most 2: draw some of them" in refusal(write())
    assert "has 3 rows, at most 2: draw some of them" in refusal(write(COLUMNS))
    monkeypatch.setattr(tabular, "MOST_ROWS", 100)
    monkeypatch.setattr(tabular, "MOST_VALUES", 20)
    assert "has 3 rows of 7 values, at most 20 in all" in refusal(write())
    monkeypatch.setattr(tabular, "MOST_BYTES", 100)
    assert "bytes, at most 100" in refusal(write())


def test_ten_million_rows_are_not_read(tmp_path):
    path = tmp_path / "long.csv"
    with open(path, "wb") as file:
        file.write(b"x,y\n")
        for _ in range(100):
            file.write(b"1,1\n" * 100_000)
    config = table.Config(path=str(path), label="y")
    assert refusal(config) == "has 10,000,000 rows, at most 1,000,000: draw some of them"


def test_a_file_is_read_once_and_again_when_it_is_edited(write, monkeypatch):
    config = write()
    first = table.describe(config)
    with monkeypatch.context() as never:
        never.setattr(tabular, "read", lambda path: pytest.fail("read again"))
        assert table.describe(config) is first
        assert table.load(config).inputs.shape == (3, 3)
    edited = table.describe(write(swapped("2.5", "2.75")))
    assert edited.content != first.content
    stamp = os.stat(config.path)
    os.utime(config.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 10**9))
    assert table.describe(config) == edited


def test_a_row_is_named_without_its_line_where_lines_differ(write):
    told = refusal(write(swapped("third", '"two\nlines"').replace("1e3", "x")))
    assert told.startswith("column 'dose', row 2: 'x' is text in a column of numbers; dataset")


def test_settings_survive_the_way_through_a_spec(write):
    config = write(group="site", features=["age"])
    assert config.group == ("site",)
    assert table.Config(**config.model_dump(mode="json")) == config
