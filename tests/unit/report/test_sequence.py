"""A sequence of requests in the report: lines, sums of costs, the attack that is followed."""

import dataclasses

import pytest
import report_example
from qmu.report.evidence.sequence import index
from qmu.report.evidence.summary import Cell, Summary
from qmu.report.figures import sequence as figure
from qmu.report.page import sequence as page
from qmu.report.page.page import render

MODEL = "hqnn"
AREAS = ({"a": 0.6, "b": 0.35}, {"a": 0.7, "b": 0.45}, {"a": 0.71, "b": 0.5})
COSTS = {"retrain": (100, 90, 80), "ga": (10, 200, 90), "logit_mask": (0, 0, 0)}
NAMES = ("first", "second", "third")


def summary(number):
    cells = {}
    for variant in ("target", *COSTS):
        for attack, value in AREAS[number].items():
            # What a method reads must not choose the attack.
            read = value if variant == "target" else 0.99 if attack == "b" else 0.5
            cells[MODEL, variant, "auc", "forget_train", attack] = Cell(
                read, read - 0.1, read + 0.1
            )
        cells[MODEL, variant, "accuracy", "retain_test", None] = Cell(0.9 - 0.1 * number)
        paid = COSTS.get(variant, (500, 500, 500))[number]
        cells[MODEL, variant, "gradient_evaluations", None, None] = Cell(paid)
    return Summary((MODEL,), ("a", "b"), cells)


def found(served):
    config = {"requests": [{"name": name} for name in NAMES[:served]]}
    return index([summary(number) for number in range(served)], config)


def results(served):
    return dataclasses.replace(report_example.evidence(models=(MODEL,)), sequence=found(served))


def test_costs_add_up_and_the_target_is_trained_for_no_request():
    lines = found(3).of(MODEL)
    assert list(lines) == ["target", "retrain", "ga", "logit_mask"]
    assert lines["ga"].cost == (10, 210, 300)
    assert lines["retrain"].cost == (100, 190, 270)
    assert lines["target"].cost == (None, None, None)
    assert found(3).share(MODEL, "ga") == pytest.approx(300 / 270)
    assert found(3).share(MODEL, "target") is None
    assert [cell.value for cell in lines["ga"].accuracy] == pytest.approx([0.9, 0.8, 0.7])


def test_the_attack_that_is_followed_is_chosen_on_the_targets():
    # Distances from one half: 0.1, 0.2, 0.21 of a; 0.15, 0.05, 0 of b.
    assert found(3).attacks == {MODEL: "a"}
    assert [cell.value for cell in found(3).of(MODEL)["target"].area] == [0.6, 0.7, 0.71]


def test_a_cost_that_is_not_known_makes_no_sum_that_looks_like_one():
    summaries = [summary(0), summary(1)]
    del summaries[0].cells[MODEL, "ga", "gradient_evaluations", None, None]
    config = {"requests": [{"name": name} for name in NAMES[:2]]}
    assert index(summaries, config).of(MODEL)["ga"].cost == (None, None)


def test_one_request_alone_is_no_sequence():
    assert found(1).models == ()
    assert page.said(results(1)) == []
    assert page.table(results(1), MODEL) is None
    assert 'id="sequence"' not in render(results(1), {})


def test_sentences_and_rows_speak_of_what_was_served_until_then():
    two, three = (page.said(results(served)) for served in (2, 3))
    assert two[0].startswith("2 requests were served so far")
    assert "third" not in " ".join(two)
    assert "third" in three[0]
    # 210 of 190, and 300 of 270.
    assert "ga 110.5%" in two[1]
    assert "ga 111.1%" in three[1]
    assert "would have been cheaper than ga." in three[1]
    rows = page.table(results(3), MODEL).rows
    assert len(rows) == 12
    assert rows[2][:3] == ("1: first", "ga", "0.50 [0.40–0.60]")
    assert rows[2][4:] == ("10", "10.0%")
    assert 'id="sequence"' in render(results(3), {})


def test_a_certificate_is_followed_where_a_method_has_one():
    """A row of its own below the others in the figure, and a column of its own in the table."""
    summaries = [summary(number) for number in range(2)]
    for one in summaries:
        one.cells[MODEL, "ga", "epsilon_certified", None, None] = Cell(1.5)
    config = {"requests": [{"name": name} for name in NAMES[:2]]}
    followed = dataclasses.replace(results(2), sequence=index(summaries, config))
    table = page.table(followed, MODEL)
    assert table.columns[-1] == "ε certified"
    assert [row[-1][:3] for row in table.rows if row[1] == "ga"] == ["1.5"] * 2
    assert {row[-1] for row in table.rows if row[1] != "ga"} == {"–"}
    assert "ε certified" not in page.table(results(2), MODEL).columns
    panels = [len(figure.draw(one).axes) for one in (results(2), followed)]
    assert panels == [3, 4]
