"""The ranking: order, ties, the front, and what is said of each method."""

from __future__ import annotations

import pytest
import report_example
from qmu.report.build import draw
from qmu.report.evidence.ranking import CRITERIA, better, front, rank, ranking
from qmu.report.evidence.summary import Cell, summarise
from qmu.report.page import ranking as page
from qmu.report.sentences.ranking import told
from report_reading import texts

SEEDS = (0, 1, 2)


def cell(*values):
    return Cell(sum(values) / len(values), seeds=tuple(enumerate(values)))


def test_a_difference_that_is_the_same_in_every_seed_tells_methods_apart():
    # Seeds differ a lot, and the methods by 0.1 in each of them.
    one, other = cell(1.0, 2.0, 3.0), cell(1.1, 2.1, 3.1)
    assert better(one, other, 0.95)
    assert not better(other, one, 0.95)
    assert rank({"a": one, "b": other}, 0.95) == {"a": 1, "b": 2}


def test_a_difference_that_changes_its_sign_is_a_tie():
    cells = {"a": cell(1.0, 2.0, 3.0), "b": cell(1.3, 1.6, 3.4), "worst": cell(9.0, 9.5, 10.0)}
    assert rank(cells, 0.95) == {"a": 1, "b": 1, "worst": 3}


def test_the_interval_decides():
    # Differences 1, 2, 3: mean 2, standard error 1 / sqrt 3; t of 2 degrees is 4.30 at 95%, 2.92 at
    # 90% and 1.89 at 80%: 2.48, 1.69 and 1.09 to either side.
    one, other = cell(0.0, 0.0, 0.0), cell(1.0, 2.0, 3.0)
    assert [better(one, other, level) for level in (0.95, 0.9, 0.8)] == [False, True, True]


def test_one_seed_tells_nothing_apart():
    assert rank({"a": cell(0.0), "b": cell(1.0)}, 0.95) == {"a": 1, "b": 1}


def test_seeds_that_only_one_has_do_not_count():
    one = Cell(0.0, seeds=((0, 0.0), (1, 0.0), (7, 99.0)))
    other = Cell(1.0, seeds=((0, 1.0), (1, 1.0), (8, -99.0)))
    assert better(one, other, 0.95)


def test_a_dominated_method_is_not_on_the_front():
    points = {
        "cheap": (3.0, 3.0, 0.0),
        "close": (1.0, 3.0, 2.0),
        "private": (3.0, 1.0, 2.0),
        "dominated": (3.0, 3.0, 2.0),
        "equal": (1.0, 3.0, 2.0),
    }
    assert front(points) == {"cheap", "close", "private", "equal"}
    assert front({}) == set()


def rows(method, distance, auc, executions):
    found = []
    for seed in SEEDS:
        shift = 0.001 * seed
        for split in ("forget_train", "retain_train", "retain_test"):
            found.append((method, seed, None, "js_to_retrain", split, distance + shift))
        for attack, value in auc.items():
            found.append((method, seed, attack, "auc", "forget_train", value + shift))
        found.append((method, seed, None, "circuit_executions", None, executions))
    return found


def table(*methods):
    found = rows("retrain", 0.0, {"lira": 0.5, "gap": 0.5}, 1000)
    for one in methods:
        found += rows(*one)
    names = ("variant", "seed", "attack", "metric", "split", "value")
    columns = dict(zip(names, map(list, zip(*found, strict=True)), strict=True))
    size = len(found)
    return columns | {
        "model": ["hqnn"] * size,
        "device": ["d"] * size,
        "ci_low": [None] * size,
        "ci_high": [None] * size,
        "n": [None] * size,
    }


@pytest.fixture(scope="module")
def ranked():
    summary = summarise(
        table(
            ("far", 0.3, {"lira": 0.6, "gap": 0.2}, 100),
            ("near", 0.1, {"lira": 0.55, "gap": 0.5}, 2000),
            ("nothing", 0.4, {"lira": 0.9, "gap": 0.7}, 0),
        )
    )
    return ranking(summary, "hqnn", ["nothing"], summary.attacks, 0.95)


def test_methods_are_ordered_by_distance_and_controls_come_last(ranked):
    assert [one.variant for one in ranked] == ["near", "far", "nothing"]
    assert [one.ranks and one.ranks["distance"] for one in ranked] == [1, 2, None]
    assert [one.ranks["cost"] for one in ranked[:2]] == [2, 1]
    assert [one.front for one in ranked] == [True, True, False]


def test_the_figures_are_those_of_the_summary(ranked):
    near, far, _ = ranked
    assert near.cells["distance"].value == pytest.approx(0.101)
    assert near.cells["leakage"].value == pytest.approx(0.051)
    # An AUC far below one half leaks as well: gap, 0.5 - 0.2, is stronger than lira.
    assert far.cells["leakage"].value == pytest.approx(0.299)
    assert (near.cells["cost"].value, near.dearer) == (2.0, True)
    assert (far.cells["cost"].value, far.dearer) == (pytest.approx(0.1), False)
    low, high = near.cells["distance"].interval
    assert low < 0.101 < high


def test_an_attack_that_reads_more_where_nothing_is_left_is_no_leakage():
    summary = summarise(table(("one", 0.1, {"lira": 0.55, "gap": 0.9}, 10)))
    (one,) = ranking(summary, "hqnn", [], ["lira"], 0.95)
    assert one.cells["leakage"].value == pytest.approx(0.051)


def test_attacks_with_another_ideal_are_known():
    evidence = report_example.full()
    assert "update_leak" in evidence.summary.attacks
    assert "update_leak" not in evidence.attacks_at_half
    assert "loss_thr" in evidence.attacks_at_half


def test_a_sentence_says_rank_cost_and_front(ranked):
    near, far, nothing = (told(one, ranked) for one in ranked)
    assert near.startswith("Rank 1 of 2 by distance to retraining;")
    assert "costs 2 times a retraining, which would be cheaper and exact" in near
    assert "costs 0.1 times a retraining. No other method is as good in all three." in far
    assert nothing == "A control, not ranked: it unlearns nothing."


def test_a_sentence_names_ties_and_who_is_better():
    summary = summarise(
        table(*((name, 0.1, {"lira": 0.6}, cost) for name, cost in (("a", 10), ("b", 20))))
    )
    both = ranking(summary, "hqnn", [], summary.attacks, 0.95)
    said = told(both[1], both)
    assert "rank 1 of 2 by distance to retraining, tied with a;" in said.lower()
    assert said.endswith("Nowhere better on average than a.")


def test_the_figure_and_the_table_show_every_method():
    evidence = report_example.evidence(models=("hqnn",))
    expected = [one.variant for one in evidence.ranking("hqnn")]
    assert set(expected) == set(report_example.VARIANTS) - {"target", "retrain"}
    shown = page.table(evidence, "hqnn")
    assert [row[0] for row in shown.rows] == [evidence.label(v) for v in expected]
    assert len(shown.columns) == len(shown.rows[0]) == len(CRITERIA) + 2
    named = {one.variant for one in evidence.ranking("hqnn") if one.front or one.ranks is None}
    assert named <= set(texts(draw("pareto", evidence)))
