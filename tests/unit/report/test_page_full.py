"""The HTML report of a full audit: verdicts, quality and few false alarms in their tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import report_example
from qmu.audit.verdicts.verdicts import RULES
from qmu.quality.exam import Metric, QualityCard
from qmu.report.page import verdicts as html_verdicts
from qmu.report.page.page import render
from qmu.report.results import measures
from qmu.report.results.results import gather
from qmu.report.sentences import findings as findings_module
from qmu.report.sentences.words import small
from report_reading import Page, rows_of


@pytest.fixture(scope="module")
def full():
    return report_example.full(models=("hqnn",))


@pytest.fixture(scope="module")
def full_page(full):
    return Page(render(full, {}))


def test_verdicts_stand_near_the_top_with_their_evidence(full, full_page):
    text = render(full, {})
    assert text.index("hqnn: verdicts") < text.index('id="contents"')
    known = {rule.name: rule.words for rule in RULES}
    shown = html_verdicts.rows(full, "hqnn")
    order = ["ga", "ssd", "rga", "logit_mask"]
    assert [row.variant for row in shown] == [full.label(variant) for variant in order]
    said = {judgement.variant: judgement for judgement in full.judgements}
    for row, variant in zip(shown, order, strict=True):
        judgement = said[variant]
        assert row.words == known[judgement.verdict]
        assert row.accuses is (variant in ("ssd", "logit_mask"))
        assert judgement.sentence in full_page.text
        assert row.figures == (f"AUC of {judgement.variant} 0.6", "probe 0.9")
        assert set(row.figures) <= {word.strip() for word in full_page.words}
    assert "<said>" not in text


def test_levels_ladder_and_innocent_models_stand_in_tables(full):
    text = render(full, {})
    levels = rows_of(text, "hqnn: verdicts along the paths")
    assert levels[1:] == [
        ["ga", "0.5", "has not forgotten"],
        ["2", "indistinguishable from retraining"],
    ]
    caption = "hqnn: the ladder of known residues; smallest residue seen: 10% of the forget set"
    assert [row[0] for row in rows_of(text, caption)[1:]] == ["5%", "10%", "100%"]
    counts = rows_of(text, "hqnn: models that are innocent by construction")[1:]
    assert [row[0] for row in counts] == ["further retrained models", "innocent_bias", "all"]
    assert counts[1][1].startswith("1 of 2 [")
    assert counts[2][1] == "1 of 3 [0.0084–0.91]"


def test_members_of_a_group_stand_in_no_other_table(full):
    columns = report_example.summary(("hqnn",), variants=("target", "retrain", "ga", "residue@5"))
    assert gather(columns).summary.variants("hqnn") == ("target", "retrain", "ga")
    assert "residue@5" not in full.variants


def test_rules_of_the_verdicts_are_stated(full_page):
    for rule in RULES:
        assert f"{rule.words} : {' '.join(rule.rule.split())}." in full_page.text


def test_without_verdicts_curves_and_quality_their_sections_are_absent(full_page):
    page = Page(render(report_example.evidence(models=("hqnn",)), {}))
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert not {"quality", "figure-roc", "figure-quality"} & ids
    assert "#quality" not in {a.get("href") for _, a in page.tags}
    for text in (": verdicts", "The rules of the verdicts", "every measure of every variant"):
        assert text not in page.text
        assert text in full_page.text
    assert "None of the measures here opens the model" in page.text
    assert "None of the measures here opens the model" not in full_page.text
    assert not full_page.open


def test_few_false_alarms_table_says_what_cannot_be_resolved(full):
    rows = rows_of(render(full, {}), "hqnn: members found at few false alarms")
    columns, first = rows[0], rows[1]
    assert len(rows) == 1 + len(report_example.ALL_ATTACKS) * len(report_example.VARIANTS)
    assert first[:2] == ["su_graybox", "target"]
    get = full.summary.get
    found = get("hqnn", "target", "tpr_at_fpr_1pct", "forget_train", "su_graybox")
    assert first[columns.index("members found at 1% FPR")] == (
        f"{found.value:.1%} [{100 * found.low:.1f}–{100 * found.high:.1f}]"
    )
    unresolved = first[columns.index("members found at 0.1% FPR")]
    assert unresolved == "not resolvable with 279 non-members"
    bound = get("hqnn", "target", "epsilon_lower_bound", "forget_train", "su_graybox")
    assert first[columns.index("ε at least")] == f"{bound.value:.2f}"
    assert "ε at least, retained data" not in columns
    assert "ε certified" not in columns


def certified(epsilon, delta):
    """The first attack's rows of few false alarms by variant, where `ssd` has a certificate."""
    columns = report_example.summary(("hqnn",))
    for name, value in (("epsilon", epsilon), ("delta", delta)):
        row = {"model": "hqnn", "variant": "ssd", "metric": f"{name}_certified", "value": value}
        row["device"] = columns["device"][0]
        for key, column in columns.items():
            columns[key] = np.append(column, np.array([row.get(key)], object))
    head, *rows = rows_of(render(gather(columns), {}), "hqnn: members found at few false alarms")
    of_first = rows[: len(report_example.VARIANTS)]
    return {
        row[1 - len(head)]: dict(zip(head[1:], row[1 - len(head) :], strict=True))
        for row in of_first
    }


@pytest.mark.parametrize(
    ("epsilon", "delta", "shown"),
    [
        (1.0, 1e-5, "1.00"),
        (0.01, 1e-5, "0.01, broken by this attack"),
        # Of another delta the bound says nothing.
        (0.01, 1e-3, "0.01"),
    ],
)
def test_a_certificate_stands_beside_the_bounds_that_may_not_exceed_it(epsilon, delta, shown):
    rows = certified(epsilon, delta)
    assert 0.01 < float(rows["ssd"]["ε at least"]) < 1.0
    assert rows["ssd"]["ε certified"] == shown
    assert rows["target"]["ε certified"] == "–"


def test_quality_table_holds_every_measure_and_no_other(full):
    rows = rows_of(render(full, {}), "hqnn: measures of unlearning quality")
    body = {row[0]: row for row in rows[1:]}
    titles = {measures.title(full, name) for name in report_example.QUALITY}
    assert titles == set(body)
    assert "home_made" in body
    row = body[measures.title(full, "klom_mean")]
    own = full.summary.get("hqnn", "ssd", "klom_mean", "forget_train")
    assert row[1] == "to be forgotten"
    assert row[rows[0].index("ssd")] == small(own)
    floors = [cell for row in rows[1:] for cell in row if cell.startswith("floor")]
    assert len(floors) == len(report_example.QUALITY) // 2


def test_a_new_measure_is_shown_as_its_card_says():
    card = QualityCard("Home-made", "this project", metrics=(Metric("home_made", "made at home"),))
    cards = replace(report_example.CARDS, quality={"mine": card})
    columns = report_example.summary(("hqnn",), quality=("home_made", "klom_mean"))
    evidence = gather(columns, cards=cards)
    rows = rows_of(render(evidence, {}), "hqnn: measures of unlearning quality")
    # What no card of the run knows stands after it, under its own name.
    assert [row[0] for row in rows[1:]] == ["made at home", "klom_mean"]
    assert [metric.title for metric, _ in measures.drawn(evidence, "hqnn")] == ["made at home"]


def test_the_published_number_stands_beside_its_controls(full):
    rows = rows_of(render(full, {}), "hqnn: called “member”")
    assert [row[0] for row in rows[1:]] == ["target", "retrain", "logit_mask (control)"]
    members = full.summary.get("hqnn", "target", "mia_success", "forget_train", "su_graybox")
    others = full.summary.non_members("hqnn", "target", "su_graybox")
    assert rows[1][1:] == [findings_module.rate(members), findings_module.rate(others)]
