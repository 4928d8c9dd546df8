"""The report's sentences follow the numbers: each is said where it holds, and only there."""

from __future__ import annotations

import numpy as np
import pytest
import report_example
from qmu.metrics.intervals import clopper_pearson
from qmu.report.evidence.results import gather
from qmu.report.evidence.summary import Cell
from qmu.report.page.tables import flat
from qmu.report.sentences import findings as findings_module
from qmu.report.sentences.strength import strength
from report_reading import changed, sentence
from scipy.stats import fisher_exact


@pytest.fixture(scope="module")
def full():
    return report_example.full(models=("hqnn",))


def test_published_number_is_set_beside_the_false_positives():
    text = sentence(changed("mia_success", "forget_train", 0.95), "published")
    assert "95% [93–97]" in text
    assert "57%" in text
    # 90% of those that it was not fitted on, against 57%: what it was fitted on does not count.
    assert "points, speaks of membership" in text
    assert "of the training rows that it was not fitted on" in text


def published(members, others, counts=None):
    """The sentence, with the rates on unfitted members and on rows never seen."""
    columns = report_example.summary(models=("hqnn",), attacks=("su_graybox",))
    for metric, value, place in (
        ("mia_success_unfitted", members, 0),
        ("mia_false_positive", others, 1),
    ):
        rows = (columns["metric"] == metric) & (columns["variant"] == "target")
        columns["value"][rows] = value
        limits = (value - 0.03, value + 0.03)
        if counts is not None:
            limits = clopper_pearson(*counts[place])
        columns["ci_low"][rows], columns["ci_high"][rows] = limits
    return sentence(gather(columns, cards=report_example.CARDS), "published")


def test_rates_that_do_not_differ_are_no_evidence():
    """33% of the members that the attack was not fitted on, and 33% of images never seen."""
    text = published(0.33, 0.33)
    assert "The difference, 0 [−4 to +4] points, may be none" in text
    assert "names non-members more often than members, by −20 [" in published(0.33, 0.53)


def test_intervals_that_overlap_may_well_differ():
    """17 of 18 against 11 of 21: the intervals overlap, Fisher's exact test gives p = 0.005."""
    counts = ((17, 18), (11, 21))
    (low, high), (other_low, other_high) = (clopper_pearson(*count) for count in counts)
    assert low < other_high < high
    assert other_low < low
    assert fisher_exact([[17, 1], [11, 10]]).pvalue == pytest.approx(0.005, abs=0.001)
    text = published(17 / 18, 11 / 21, counts)
    assert "Only the difference of these two, +42 [+11 to +65] points" in text


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.7, "above guessing"), (0.53, "above guessing"), (0.2, "below guessing")],
)
def test_chance_is_judged_by_the_interval(value, words):
    evidence = changed("auc", "forget_train", value, variant="target")
    assert words in sentence(evidence, "chance")
    assert "unlearn" not in sentence(evidence, "chance")


def test_a_silent_control_and_a_confident_retrain_are_named():
    silent = sentence(changed("mia_success", "forget_train", 0.0), "zero")
    assert "The control logit_mask unlearns nothing" in silent
    loud = sentence(changed("mia_success", "forget_train", 0.9), "zero")
    assert "never trained on the forget set" in loud
    assert "unlearns nothing" not in loud


def test_methods_are_split_at_the_stated_threshold():
    text = sentence(changed("mia_success", "forget_train", 0.3, variant="ga"), "methods")
    forgotten, rest = text.split("do not read as forgotten")
    assert "ssd" in forgotten
    assert "ga 30%" in rest
    assert "rga (reconstructed)" in text


def test_nothing_to_unlearn_is_said_by_equivalence_alone():
    """AUC 0.70 [0.41, 0.97] on a small run is no evidence of absence."""
    columns = report_example.summary(models=("hqnn",))
    target = columns["variant"] == "target"
    for metric, limits in (("auc", (0.5, 0.48, 0.52)), ("tpr_at_fpr_1pct", (0.01, 0.0, 0.02))):
        rows = target & (columns["metric"] == metric) & (columns["split"] == "forget_train")
        for name, limit in zip(("value", "ci_low", "ci_high"), limits, strict=True):
            columns[name][rows] = limit
    assert "there is no membership to unlearn" in sentence(gather(columns), "chance")
    columns["ci_high"][target & (columns["metric"] == "tpr_at_fpr_1pct")] = 0.04
    assert "cannot be told with n = 300 rows" in sentence(gather(columns), "chance")
    evidence = changed("auc", "forget_train", 0.69, variant="target", width=0.28)
    text = sentence(evidence, "chance")
    assert "Whether there is membership to unlearn cannot be told with n = 300 rows" in text
    # One interval above guessing does not stand beside the claim that there is nothing.
    above = changed("auc", "forget_train", 0.56, variant="target", width=0.05)
    assert "unlearn" not in sentence(above, "chance")


def test_what_remains_is_what_the_verdicts_say(full):
    assert sentence(full, "trace") == (
        "Accused: ssd (has not forgotten). Acquitted of what this audit would have seen: ga. "
        "Not judged: rga (reconstructed)."
    )
    silent = changed("auc", "forget_train", 0.9, variant="ssd", attack="loss_thr")
    assert not [f for f in findings_module.findings(silent) if f.topic == "trace"]


def test_utility_and_cost_compare_with_retraining():
    evidence = changed("accuracy", "retain_test", 0.9, variant="ga")
    base = evidence.summary.get("hqnn", "retrain", "accuracy", "retain_test").value
    assert f"ga −{100 * (base - 0.9):.1f}" in sentence(evidence, "utility")
    assert "Not economical" not in sentence(evidence, "cost")
    columns = report_example.summary(models=("hqnn",))
    rows = (columns["metric"] == "gradient_evaluations") & (columns["variant"] == "ssd")
    columns["value"][rows] = 1e6
    assert "Not economical: ssd." in sentence(gather(columns), "cost")


def test_without_intervals_nothing_is_claimed_about_chance():
    columns = report_example.summary(models=("hqnn",))
    columns["ci_low"][:] = None
    columns["ci_high"][:] = np.nan
    topics = {f.topic for f in findings_module.findings(gather(columns))}
    assert "published" in topics
    assert not {"chance", "trace"} & topics


def test_a_method_that_is_cleared_wrongly_is_named():
    """The published rate reads zero while the loss ranks members as before unlearning."""
    columns = report_example.summary(models=("hqnn",), attacks=("su_graybox", "loss_thr"))
    area = (columns["metric"] == "auc") & (columns["split"] == "forget_train")
    for variant, value in (("target", 0.73), ("ssd", 0.71), ("ga", 0.55), ("rga", 0.52)):
        rows = area & (columns["variant"] == variant) & (columns["attack"] == "loss_thr")
        columns["value"][rows] = value
        columns["ci_low"][rows], columns["ci_high"][rows] = value - 0.03, value + 0.03
    other = area & (columns["attack"] == "su_graybox")
    columns["value"][other], columns["ci_low"][other], columns["ci_high"][other] = 0.5, 0.47, 0.53
    tables = {"cards": report_example.CARDS, "verdicts": report_example.verdicts(("hqnn",))}
    text = sentence(gather(columns, **tables), "misread")
    assert "ssd reads 1% [0–5]" in text or "ssd reads 0%" in text
    assert "AUC 0.71 [0.68–0.74], 0.73 [0.70–0.76] before" in text
    assert "ga reads" not in text
    assert not [
        f
        for f in findings_module.findings(gather(columns, cards=report_example.CARDS))
        if f.topic == "misread"
    ]


def test_many_attacks_are_summed_up(full):
    text = sentence(full, "chance")
    assert "of 14 attacks, the furthest from 0.5" in text
    assert "entr_thr" not in text


def test_strength_names_the_shadow_models_and_the_strongest_attack(full):
    text = " ".join(strength(full))
    assert text.startswith("14 attacks ran")
    assert "16 shadow models" in text
    assert "12 of them also went through each unlearning method" in text
    assert "lira_online, lira_offline, rmia and u_lira" in text
    assert "fewer than the 64 to 256" in text
    areas = {
        a: full.summary.get("hqnn", "target", "auc", "forget_train", a)
        for a in report_example.ALL_ATTACKS
    }
    best = max(areas, key=lambda a: abs(areas[a].value - 0.5))
    assert f"on hqnn {best} (AUC {findings_module.number(areas[best])})" in text
    few = " ".join(strength(report_example.evidence(models=("hqnn",))))
    assert "None of these attacks judges each row" in few
    assert "went through" not in few
    assert strength(gather(report_example.summary(models=("hqnn",), attacks=()))) == []


def test_numbers_are_written_as_stated():
    assert findings_module.rate(Cell(0.948, 0.9, 0.98)) == "95% [90–98]"
    assert findings_module.number(Cell(0.634)) == "0.63"
    assert findings_module.signed(-2.14) == "−2.1"
    assert findings_module.signed(-0.01) == "0.0"
    assert findings_module.listed(["a", "b", "c"]) == "a, b and c"
    assert flat({"a": {"b": 1, "c": [1, 2]}}) == [("a.b", "1"), ("a.c", "1, 2")]
