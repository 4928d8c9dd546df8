"""A table of predictions: what is read, and the one line that every fault of it gives."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from predictions_rows import rows_of, written
from qmu.data.predictions import Config, lacking, read
from qmu.errors import ConfigError

ALL = {
    "methods": ("ga",),
    "further": 2,
    "residues": (50,),
    "shadows": 4,
    "compared": True,
}


@pytest.fixture
def rows():
    """The rows of a whole table: two seeds, 24 samples, two classes; the header first."""
    return rows_of(**ALL)


def attempt(tmp_path, rows):
    return read(Config(path=str(written(tmp_path / "p.csv", rows))))


def message(tmp_path, rows):
    with pytest.raises(ConfigError) as found:
        attempt(tmp_path, rows)
    text = str(found.value)
    assert text.startswith(f"predictions.path: {tmp_path / 'p.csv'}: ")
    return text


def place(rows, column):
    return rows[0].index(column)


def first(rows, model, index="0"):
    """The number of the first row of a model, as errors count: from 0 below the header."""
    chosen = [
        number
        for number, row in enumerate(rows[1:])
        if (row[place(rows, "model")], row[place(rows, "index")]) == (model, index)
    ]
    return chosen[0]


def put(rows, row, column, value):
    rows[row + 1][place(rows, column)] = value


def test_what_is_read(tmp_path, rows):
    whole = attempt(tmp_path, rows)
    assert (whole.seeds, whole.classes, whole.methods) == ((0, 1), 2, ("ga",))
    assert whole.names == ("ga", "residue@50", "retrain", "retrain@1", "retrain@2", "target")
    assert {name: len(of) for name, of in whole.shadows.items()} == {
        "ga": 4,
        "retrain": 4,
        "target": 4,
    }
    assert whole.unlearned == 4
    assert whole.ids is None
    assert whole.sample_id.tolist() == list(range(24))
    target = whole.variants["target", 0]
    own = [row for row in rows[1:] if row[2:4] == ["original", "0"]]
    own.sort(key=lambda row: int(row[0]))
    np.testing.assert_array_equal(target.logits, [[float(v) for v in row[6:]] for row in own])
    assert target.member.tolist() == [row[4] == "1" for row in own]


def test_the_order_of_rows_does_not_matter(tmp_path, rows):
    whole = attempt(tmp_path, rows)
    order = np.random.default_rng(3).permutation(len(rows) - 1) + 1
    other = attempt(tmp_path, [rows[0], *(rows[number] for number in order)])
    for key, answers in whole.variants.items():
        np.testing.assert_array_equal(answers.logits, other.variants[key].logits)
        np.testing.assert_array_equal(answers.member, other.variants[key].member)
    np.testing.assert_array_equal(whole.label, other.label)


def test_ids_may_be_texts(tmp_path, rows):
    for row in rows[1:]:
        row[0] = f"V{int(row[0]):02}"
    whole = attempt(tmp_path, rows)
    assert whole.sample_id.tolist() == list(range(24))
    assert whole.ids.tolist() == [f"V{number:02}" for number in range(24)]


def test_probabilities_become_their_logarithms(tmp_path, rows):
    rows[0][6:] = ["probability_0", "probability_1"]
    for row in rows[1:]:
        row[6:] = ["0.25", "0.75"]
    rows[1][6:] = ["0", "1"]
    whole = attempt(tmp_path, rows)
    found = np.concatenate([one.logits for one in whole.variants.values()])
    assert np.isneginf(found).sum() == 1
    np.testing.assert_allclose(np.exp(found[-1]), [0.25, 0.75], rtol=1e-15)


def test_a_class_that_is_ruled_out(tmp_path, rows):
    put(rows, 0, "logit_0", "-inf")
    assert np.isneginf(attempt(tmp_path, rows).variants["target", 0].logits).sum() == 1
    put(rows, 0, "logit_1", "-inf")
    assert "column 'logit_0', row 0 (line 2): no class is possible" in message(tmp_path, rows)


def test_models_that_go_without_shadows_or_further_ones(tmp_path):
    whole = attempt(tmp_path, rows_of(compared=True))
    assert (whole.shadows, whole.unlearned, whole.methods) == ({}, 0, ())


def test_the_request_alone_may_be_marked(tmp_path):
    whole = attempt(tmp_path, rows_of(methods=("ga",)))
    assert not whole.marked
    assert np.flatnonzero(whole.forget).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("column", ["sample_id", "label", "model", "index", "member", "forget"])
def test_a_missing_column(tmp_path, rows, column):
    rows[0][place(rows, column)] = "other"
    assert f"there is no column '{column}'" in message(tmp_path, rows)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a", "b"], "neither a column 'logit_0' nor 'probability_0'"),
        (["logit_0", "probability_0"], "both columns 'logit_0' and 'probability_0'"),
        (["logit_0", "logit_2"], "there is no column 'logit_1'"),
        (["logit_0", "b"], "two classes at the least"),
    ],
)
def test_columns_of_answers(tmp_path, rows, names, words):
    rows[0][6:] = names
    assert words in message(tmp_path, rows)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("logit_0", "much", "'much' is text in a column of numbers"),
        ("logit_0", "nan", "'nan' is no finite number"),
        ("logit_1", "inf", "'inf' is no finite number"),
        ("logit_1", "", "a value is missing"),
        ("logit_0", '"1,5"', "has a comma"),
        ("label", "2", "2 is beyond the last class, 1 (logit_1)"),
        ("label", "0.5", "0.5 is no whole number from 0 on"),
        ("label", "-1", "-1 is no whole number from 0 on"),
        ("index", "one", "'one' is text"),
        ("member", "maybe", "'maybe' is neither true nor false"),
        ("forget", "", "a value is missing"),
        ("sample_id", "", "a value is missing"),
        ("model", "ga", "'ga' is none of original, retrained"),
        ("model", "unlearned:Ga", "'unlearned:Ga' is none of"),
        ("model", "unlearned:retrain_2", "is none of"),
        ("model", "residue:101", "is none of"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path, rows, column, value, words):
    put(rows, 5, column, value)
    text = message(tmp_path, rows)
    assert f"column '{column}', row 5 (line 7): " in text
    assert words in text


def test_a_row_that_stands_there_twice(tmp_path, rows):
    rows.append(list(rows[4]))
    text = message(tmp_path, rows)
    assert f"column 'sample_id', row {len(rows) - 2}" in text
    assert "there already for this model and index, in row 3" in text


def test_a_sample_that_a_model_lacks(tmp_path, rows):
    row = first(rows, "unlearned:ga", "1")
    name = rows.pop(row + 1)[0]
    assert f"this model, of index 1, lacks the sample '{name}'" in message(tmp_path, rows)


@pytest.mark.parametrize("column", ["label", "forget"])
def test_what_all_models_must_agree_on(tmp_path, rows, column):
    row = first(rows, "retrained", "1") + 7
    put(rows, row, column, str(1 - int(rows[row + 1][place(rows, column)])))
    text = message(tmp_path, rows)
    assert f"column '{column}', row {row} " in text
    assert "is another one than in row" in text


@pytest.mark.parametrize(
    "model",
    ["retrained", "retrained:2", "unlearned:ga", "residue:50", "shadow:retrained", "shadow:ga"],
)
def test_members_that_cannot_be(tmp_path, rows, model):
    row = first(rows, model) + 20
    put(rows, row, "member", str(1 - int(rows[row + 1][place(rows, "member")])))
    text = message(tmp_path, rows)
    assert f"column 'member', row {row} " in text
    assert "does not follow from the original model" in text


def test_a_retrained_model_that_was_trained_on_the_request(tmp_path, rows):
    row = first(rows, "retrained")
    assert rows[row + 1][place(rows, "forget")] == "1"
    put(rows, row, "member", "1")
    assert f"column 'member', row {row} " in message(tmp_path, rows)


def without(rows, model, index=None):
    return [row for row in rows if row[2] != model or (index is not None and row[3] != str(index))]


@pytest.mark.parametrize(
    ("model", "index", "words"),
    [
        ("original", None, "no row is of an 'original' model"),
        ("original", 1, "of index 1, but no 'original'"),
        ("retrained", None, "a model 'original' of index 0, but no 'retrained'"),
        ("unlearned:ga", 0, "a model 'original' of index 0, but no 'unlearned:ga'"),
        ("retrained:1", None, "1 further retrained models, but no 'retrained:1'"),
        ("shadow", 3, "of index 3, but no 'shadow'"),
        ("shadow:ga", 2, "not both there of index 2"),
        ("unlearned:ga", None, "'shadow:ga', but no 'unlearned:ga'"),
    ],
)
def test_models_that_are_missing(tmp_path, rows, model, index, words):
    assert words in message(tmp_path, without(rows, model, index))


def test_one_shadow_model_is_none(tmp_path):
    assert "one 'shadow' model only" in message(tmp_path, rows_of(shadows=1, compared=True))


@pytest.mark.parametrize(("value", "which"), [("1", "every"), ("0", "no")])
def test_a_request_must_ask_for_some(tmp_path, rows, value, which):
    for row in rows[1:]:
        row[5] = value
        row[4] = "1" if int(row[0]) % 2 else "0"
    rows = [rows[0], *(row for row in rows[1:] if row[2] in ("original",))]
    rows += [
        [*row[:2], "retrained", *row[3:4], str(int(row[4]) * (value == "0")), *row[5:]]
        for row in rows[1:]
    ]
    assert f"{which} sample is to be forgotten" in message(tmp_path, rows)


def test_nobody_to_compare_the_request_with(tmp_path):
    rows = rows_of()
    for row in rows[1:]:
        if row[5] == "0" and row[1] == "0":
            row[4] = "1"
    text = message(tmp_path, rows)
    assert "have the label of a sample to be forgotten" in text or "are kept" in text


def test_probabilities_that_are_none(tmp_path, rows):
    rows[0][6:] = ["probability_0", "probability_1"]
    for row in rows[1:]:
        row[6:] = ["0.5", "0.5"]
    put(rows, 3, "probability_1", "0.3")
    assert "row 3 (line 5): the probabilities of this row are 0.8 in all" in message(tmp_path, rows)
    put(rows, 3, "probability_1", "1.5")
    assert "row 3 (line 5): 1.5 is no probability" in message(tmp_path, rows)


def test_a_split_must_fit_the_members(tmp_path, rows):
    rows[0].append("split")
    for row in rows[1:]:
        row.append("train" if row[4] == "1" else ("test" if int(row[0]) % 3 else "unseen"))
    assert attempt(tmp_path, rows).parts[0].tolist().count("test")
    row = first(rows, "original")
    put(rows, row, "split", "holdout")
    assert f"row {row} (line {row + 2}): 'holdout' is none of train" in message(tmp_path, rows)
    put(rows, row, "split", "unseen" if rows[row + 1][4] == "1" else "train")
    assert "goes with members of the original" in message(tmp_path, rows)
    for row in rows[1:]:
        row[-1] = "train" if row[4] == "1" else "unseen"
    assert "says 'test' of none" in message(tmp_path, rows)


@pytest.mark.parametrize(
    ("path", "words"), [("absent.csv", "no such file"), (".", "a folder, and no file")]
)
def test_a_file_that_is_not_there(tmp_path, path, words):
    with pytest.raises(ConfigError, match=rf"predictions\.path: .*{words}"):
        read(Config(path=str(tmp_path / path)))


def test_a_file_that_is_no_table(tmp_path):
    (tmp_path / "p.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(ConfigError, match=r"predictions\.path: .* is an Excel workbook"):
        read(Config(path=str(tmp_path / "p.csv")))


def test_an_edited_file_is_read_again(tmp_path, rows):
    before = attempt(tmp_path, rows).content
    rows[1][6] = "17.25"
    assert attempt(tmp_path, rows).content != before


@pytest.mark.parametrize(
    ("needs", "shadows", "count"),
    [
        ((), (0, 0), 0),
        (("shadows",), (2, 0), 0),
        (("shadows",), (0, 0), 1),
        (("unlearned_shadows",), (16, 7), 1),
        (("unlearned_shadows",), (16, 8), 0),
        (("queries",), (16, 8), 1),
        (("shadows", "expectation_values"), (16, 8), 1),
    ],
)
def test_what_is_lacking(needs, shadows, count):
    assert len(lacking(needs, dict(zip(("count", "unlearned"), shadows, strict=True)))) == count


def test_a_quoted_csv_is_the_same(tmp_path, rows):
    with (tmp_path / "q.csv").open("w", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    quoted = read(Config(path=str(tmp_path / "q.csv")))
    np.testing.assert_array_equal(quoted.label, attempt(tmp_path, rows).label)
