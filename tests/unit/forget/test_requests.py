"""Requests of single rows: who is asked for, who they are compared with, what is altered."""

import numpy as np
import pandas as pd
import pytest
from qmu import registry
from qmu.errors import QmuError
from qmu.forget.draws import compared, stratified
from qmu.forget.scenario import Marked
from qmu.forget.scenarios import canaries, group, samples

LABEL = np.repeat([0, 1, 2], [60, 30, 10])
ROWS = len(LABEL)


def test_every_class_has_its_share(rng):
    drawn = stratified(LABEL, 10, rng)
    assert np.bincount(LABEL[drawn]).tolist() == [6, 3, 1]
    assert np.array_equal(drawn, np.unique(drawn))
    # 3.6, 1.8 and 0.6 rows: the largest remainders are rounded up, of equal ones the first.
    assert np.bincount(LABEL[stratified(LABEL, 6, rng)]).tolist() == [4, 2]
    assert len(stratified(LABEL, ROWS, rng)) == ROWS


def test_compared_rows_have_the_same_labels_and_are_others(rng):
    requested = np.zeros(ROWS, bool)
    requested[[0, 1, 2, 60]] = True
    found = compared(LABEL, requested, 25, rng)
    # 100 / 25 - 1 = 3 for each.
    assert np.bincount(LABEL[found]).tolist() == [9, 3]
    assert not np.any(found & requested)
    # Half of what a class has left, and of what is allowed, stays.
    assert np.bincount(LABEL[compared(LABEL, LABEL == 2, 25, rng)], minlength=3).tolist() == [0] * 3
    few = compared(LABEL, requested, 5, rng)
    assert np.bincount(LABEL[few]).tolist() == [28, 14]
    allowed = np.arange(ROWS) < 20
    assert np.flatnonzero(compared(LABEL, requested, 5, rng, allowed)).max() < 20


def marked(kind, rng, **settings):
    module = registry.load("forget", kind)
    pool = {
        "sample_id": np.arange(ROWS) + 5,
        "label": LABEL,
        "memorisation": np.linspace(1, -1, ROWS),
    }
    return module.mark(pool, module.Config(**settings), 25, rng)


def test_a_fraction_of_the_training_rows_by_label(rng):
    found = marked("fraction", rng, percent=40)
    assert np.bincount(LABEL[found.requested]).tolist() == [6, 3, 1]
    assert np.bincount(LABEL[found.rows & ~found.requested]).tolist() == [18, 9, 3]
    assert marked("fraction", rng, percent=0.1).requested.sum() == 1


def test_the_worst_case_is_what_is_memorised_most_and_a_coin_decides(rng):
    draws = [marked("worst_case", rng, rows=5) for _ in range(200)]
    for found in draws:
        assert np.flatnonzero(found.rows).tolist() == list(range(20))
        assert found.requested.sum() == 5
    often = np.mean([found.requested[:20] for found in draws], axis=0)
    assert np.all(np.abs(often - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 200))


def test_poison_flips_the_marked_labels_and_no_other(rng):
    module = registry.load("forget", "poison")
    config = module.Config(percent=40)
    found = marked("poison", rng, percent=40)
    label = module.alter({"label": LABEL}, found, config, 3, rng)["label"]
    assert np.array_equal(label != LABEL, found.rows)
    # With two classes the flip is its own inverse.
    two = {"label": LABEL % 2}
    there = module.alter(two, found, config, 2, rng)
    assert np.array_equal(module.alter(there, found, config, 2, rng)["label"], two["label"])


@pytest.mark.parametrize("distance", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("dtype", [float, complex])
def test_a_canary_has_the_trace_distance_asked_for(distance, dtype, rng):
    rows = rng.normal(size=(20, 8)).astype(dtype)
    if dtype is complex:
        rows = rows + 1j * rng.normal(size=(20, 8))
    found = canaries.turned(rows, distance, rng)
    assert found.dtype == rows.dtype
    assert np.allclose(np.linalg.norm(found, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-12)
    for before, after in zip(rows, found, strict=True):
        # The second route: half the sum of the absolute eigenvalues of the difference.
        states = [v / np.linalg.norm(v) for v in (before, after)]
        difference = np.subtract(*(np.outer(v, v.conj()) for v in states))
        assert np.abs(np.linalg.eigvalsh(difference)).sum() / 2 == pytest.approx(distance, abs=1e-7)


def test_canaries_of_states_and_of_features_are_planted_in_place(rng):
    mask = np.arange(ROWS) % 9 == 0
    config = canaries.Config(rows=3, distance=0.3)
    real, imaginary = rng.normal(size=(2, ROWS, 4))
    pool = {"label": LABEL, "real": real, "imaginary": imaginary}
    found = canaries.alter(pool, Marked(mask, mask & (np.arange(ROWS) < 30)), config, 3, rng)
    assert set(found) == {"label", "real", "imaginary"}
    assert np.array_equal(found["real"][~mask], real[~mask])
    assert np.array_equal(found["label"] != LABEL, mask)


KNOWN = {"sample_id": np.arange(5) + 10, "id": np.array(["a", "b", "c", "d", "7"], object)}


def of_file(path, text, **settings):
    path.write_text(text)
    return samples.Config(path=str(path), **settings)


def test_ids_are_text_and_rows_without_names_are_numbered(tmp_path):
    config = of_file(tmp_path / "ids.csv", "sample_id,received\n7,x\n b ,y\n")
    assert samples.rows(KNOWN, config).tolist() == [False, True, False, False, True]
    numbered = {"sample_id": KNOWN["sample_id"]}
    config = of_file(tmp_path / "numbers.csv", "sample_id\n12\n14\n")
    assert np.flatnonzero(samples.rows(numbered, config)).tolist() == [2, 4]
    pd.DataFrame({"sample_id": [12, 14]}).to_parquet(tmp_path / "ids.parquet")
    parquet = samples.Config(path=str(tmp_path / "ids.parquet"))
    assert np.array_equal(samples.rows(numbered, parquet), samples.rows(numbered, config))
    assert samples.names(parquet) == samples.names(config)


def test_one_request_of_several(tmp_path):
    text = "sample_id,request\na,one\nb,two\nc,one\n"
    config = of_file(tmp_path / "ids.csv", text, request="one")
    assert np.flatnonzero(samples.rows(KNOWN, config)).tolist() == [0, 2]
    assert samples.words(config) == "the 2 rows of ids.csv, request one"
    assert samples.names(config) != samples.names(samples.Config(path=config.path, request="two"))


@pytest.mark.parametrize(
    ("text", "request_", "words"),
    [
        ("id\na\n", None, r"there is no column 'sample_id' \(columns: id\)"),
        ("sample_id\na\n", "one", "there is no column 'request'"),
        ("sample_id\n", None, "holds no rows"),
        ("sample_id,request\na,two\n", "one", "holds no rows of the request 'one'"),
        ("sample_id\na\nb\na\n", None, "rows 1 and 3, column sample_id: both name 'a'"),
        ("sample_id,x\na,1\n,2\n", None, "row 2, column sample_id: is empty"),
        ("sample_id\na\nq\n", None, "row 2, column sample_id: no row has the id 'q'"),
        ("", None, "not a readable CSV or Parquet file"),
    ],
)
def test_a_file_that_asks_for_nothing_sensible_is_refused_in_one_line(
    tmp_path, text, request_, words
):
    config = of_file(tmp_path / "ids.csv", text, request=request_)
    with pytest.raises(QmuError, match=words) as caught:
        samples.rows(KNOWN, config)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "ids.csv") in str(caught.value)


def test_a_file_that_is_not_there_is_found_before_any_job(tmp_path):
    with pytest.raises(ValueError, match=r"^path: .*no such file"):
        samples.check(samples.Config(path=str(tmp_path / "none.csv")), None)


def test_groups_are_taken_whole(rng):
    person = np.array([f"p{row // 5}" for row in range(ROWS)], object)
    pool = {"sample_id": np.arange(ROWS), "label": LABEL, "group/person": person}
    config = group.Config(column="person", values=["p2", "p4"])
    found = group.mark(pool, config, 25, rng)
    assert set(person[found.requested]) == {"p2", "p4"}
    others = person[found.rows & ~found.requested]
    # 100 / 25 - 1 = 3 rows for each of 10: six groups of five.
    assert len(others) == 30
    assert len(set(others)) == 6
    with pytest.raises(QmuError, match="no row has 'p99' in the column 'person'"):
        group.rows(pool, group.Config(column="person", values=["p99"]))
    two = pool | {"group/person": np.where(np.arange(ROWS) < 30, "a", "b").astype(object)}
    with pytest.raises(QmuError, match="leaves 1 other groups"):
        group.mark(two, group.Config(column="person", values=["a"]), 25, rng)
