"""Figures of the single records: shares by hand, retained records left out, and seeds alone."""

import numpy as np
import pytest
from qmu.audit.measure import aggregate_rows, model_rows
from qmu.audit.measurement import Resampling, Subject
from qmu.audit.records import record_figures

SUBJECT = Subject("hqnn", None, "target", "d")
SETTINGS = Resampling((0,), 0.95, 50)

# attack, seed, record, of the forget set, found
JUDGED = [
    ("lira", 0, 1, True, True),
    ("lira", 0, 2, True, True),
    ("lira", 0, 3, True, False),
    ("lira", 0, 9, False, True),
    ("lira", 1, 1, True, False),
    ("lira", 1, 2, True, True),
    ("lira", 1, 4, True, False),
    ("lira", 1, 9, False, False),
    ("loss", 0, 5, True, True),
]


def _rows(judged):
    attack, seed, record, forget, found = (np.array(column) for column in zip(*judged, strict=True))
    shares = {
        key: np.mean([hit for name, _, one, _, hit in judged if (name, one) == key])
        for key in {(name, one) for name, _, one, _, _ in judged}
    }
    stability = [shares[name, one] for name, _, one, _, _ in judged]
    return {
        "attack": attack.astype(object),
        "seed": seed,
        "sample_id": record,
        "forget": forget,
        "found": found,
        "stability": np.array(stability),
    }


@pytest.fixture(scope="module")
def figures():
    return record_figures(SUBJECT, _rows(JUDGED), SETTINGS)


def _of(figures, metric):
    return {
        (figure.attack, figure.subject.seed): (figure.estimate.value, figure.estimate.n)
        for figure in figures
        if figure.metric == metric
    }


def test_found_is_a_share_of_the_forget_set_in_each_seed(figures):
    expected = {("lira", 0): (2 / 3, 3), ("lira", 1): (1 / 3, 3), ("loss", 0): (1.0, 1)}
    assert _of(figures, "records_found") == expected
    assert {figure.split for figure in figures} == {"forget_train"}


def test_flipped_counts_records_of_several_seeds_and_has_no_seed(figures):
    """Records 1 and 2 were members twice, and the decision on 1 flips; loss judged once."""
    assert _of(figures, "records_flipped") == {("lira", None): (0.5, 2)}


def test_over_seeds_there_is_one_row_of_each_and_of_single_seeds_none_that_flip(figures):
    over = {(row["attack"], row["metric"]): row for row in aggregate_rows(figures, SETTINGS)}
    assert over["lira", "records_found"]["value"] == pytest.approx(0.5)
    # Four distinct images: 1 to 4.
    assert over["lira", "records_found"]["n"] == 4
    flipped = over["lira", "records_flipped"]
    assert flipped["ci_low"] < 0.5 < flipped["ci_high"]
    single = model_rows(one for one in figures if one.subject.seed is not None)
    assert {row["metric"] for row in single} == {"records_found"}


def test_without_records_of_the_forget_set_there_are_no_figures():
    assert record_figures(SUBJECT, _rows([("lira", 0, 9, False, True)]), SETTINGS) == []
