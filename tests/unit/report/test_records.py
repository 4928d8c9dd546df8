"""Single records in the report: what is found by whom, the table and the UpSet plot."""

from __future__ import annotations

import numpy as np
import pytest
import report_example
from qmu.report import build as figures
from qmu.report.drawing import theme
from qmu.report.evidence.records import index
from qmu.report.page import records as page
from qmu.report.page.page import render
from report_reading import heads, row_labels, rows_of

# variant, attack, seed, record, of the forget set, found, stability, p
ROWS = [
    ("target", "lira", 0, 1, True, True, 1.0, 0.01),
    ("target", "lira", 1, 1, True, True, 1.0, 0.002),
    ("target", "loss", 0, 1, True, True, 0.5, 0.02),
    ("target", "loss", 1, 1, True, False, 0.5, 0.3),
    ("target", "lira", 0, 2, True, True, 0.5, 0.01),
    ("target", "lira", 1, 2, True, False, 0.5, 0.4),
    ("target", "lira", 0, 3, True, False, 0.0, 0.9),
    ("target", "loss", 0, 7, False, True, 1.0, 0.01),
    ("retrain", "lira", 0, 2, True, True, 1.0, 0.01),
    ("ga", "loss", 0, 1, True, False, 0.0, 0.9),
    ("ga@2", "loss", 0, 1, True, True, 1.0, 0.01),
]


def _table(rows=ROWS):
    names = ("variant", "attack", "seed", "sample_id", "forget", "found", "stability", "p_value")
    table = {name: np.array([row[i] for row in rows]) for i, name in enumerate(names)}
    return table | {"model": np.full(len(rows), "hqnn", dtype=object)}


def _evidence(table):
    return report_example.evidence(models=("hqnn",), seeds=(0,), tables={"records": table})


@pytest.fixture(scope="module")
def finds():
    return index(_table()).of("hqnn")


def test_only_the_forget_set_of_variants_that_stand_alone_is_kept(finds):
    assert list(finds) == ["target", "retrain", "ga"]
    assert 7 not in finds["target"].sample_id
    assert len(finds["ga"].attack) == 0


def test_counts_are_means_of_the_seeds(finds):
    target = finds["target"]
    # Pairs of record and seed: 1 and 2 in both seeds, 3 in one.
    assert (target.count, target.seeds, target.members) == (5, 2, 2.5)
    assert target.by_attack() == {"lira": 1.5, "loss": 0.5}
    assert target.by_set() == {frozenset({"lira"}): 1.0, frozenset({"lira", "loss"}): 0.5}


def test_records_are_ranked_by_stability_then_by_attacks_then_by_p(finds):
    assert finds["target"].ranked() == [1, 2]
    assert finds["target"].of(1) == {"lira": 1.0, "loss": 0.5}
    assert finds["target"].smallest(1) == 0.002
    same = [("target", "lira", 0, n, True, True, 1.0, p) for n, p in ((4, 0.02), (5, 0.01))]
    assert index(_table(same)).of("hqnn")["target"].ranked() == [5, 4]


def test_the_table_names_attacks_and_where_else_a_record_is_found():
    rows = rows_of(render(_evidence(_table()), {}), "hqnn: records of the forget set most at risk")
    assert rows == [
        ["record", "stability", "smallest p", "found by (share of seeds)", "also found in"],
        ["1", "100%", "0.002", "lira 100%, loss 50%", "–"],
        ["2", "50%", "0.01", "lira 50%", "retrain"],
    ]


def test_long_tables_and_lists_of_attacks_are_cut_and_say_so():
    table = report_example.records(("hqnn",), attacks=report_example.ALL_ATTACKS)
    found = page.at_risk(_evidence(table), "hqnn")
    assert len(found.rows) == page.MOST
    assert f"the {page.MOST} most at risk of " in found.caption
    assert " and 9 more" in found.rows[0][3]


def test_where_nothing_is_found_there_is_neither_table_nor_figure():
    table = _table()
    table["found"][:] = False
    evidence = _evidence(table)
    assert page.at_risk(evidence, "hqnn") is None
    assert theme.is_empty(figures.draw("records", evidence))
    assert "most at risk" not in render(evidence, {})


def test_the_upset_plot_draws_what_is_found():
    figure = figures.draw("records", _evidence(_table()))
    assert heads(figure) == ["hqnn"]
    matrix, bars, table = figure.axes
    assert [bar.get_height() for bar in bars.patches] == [1.0, 0.5]
    assert bars.get_title(loc="left") == "target: 1.5 of 2.5 records found"
    assert row_labels(matrix) == ["lira", "loss"]
    # Dark dots of both combinations: lira alone, lira and loss.
    dark = [line.get_ydata() for line in matrix.lines if line.get_color() == theme.INK]
    assert [list(rows) for rows in dark] == [[0], [0, 1]]
    cells = [text for text in table.texts if text.get_text().replace(".", "").isdigit()]
    assert [text.get_text() for text in cells] == ["1.5", "0.5", "1", "0", "0", "0"]
    bold = [text.get_text() for text in cells if text.get_weight() == "bold"]
    assert bold == ["1.5", "1"]


def test_no_more_than_twelve_combinations_are_shown_and_the_rest_is_counted():
    table = report_example.records(("hqnn",), attacks=report_example.ALL_ATTACKS)
    figure = figures.draw("records", _evidence(table))
    bars = figure.axes[1]
    assert len(bars.patches) == 12
    heights = [bar.get_height() for bar in bars.patches]
    assert heights == sorted(heights, reverse=True)
    all_of_them = len(index(table).of("hqnn")["target"].by_set())
    assert f"12 of {all_of_them} combinations" in [text.get_text() for text in bars.texts]


def test_a_model_found_out_after_unlearning_alone_is_shown_too():
    table = _table()
    table["found"][table["variant"] == "target"] = False
    bars = figures.draw("records", _evidence(table)).axes[1]
    assert bars.get_title(loc="left") == "target: no record is found"
