"""The terminal table and the 2x2: alignment, width, and which rows they show."""

import numpy as np
import pytest
from attack_example import suppressed, view
from audit_example import SETTINGS, audited, retrained
from qmu.audit.measure import aggregate_rows, model_rows
from qmu.report.terminal import terminal_table, two_by_two


@pytest.fixture(scope="module")
def figures():
    found = []
    for seed in range(2):
        target = view(seed, memory=4.0)
        found += audited(seed, "target", target)
        found += audited(seed, "retrain", retrained(50 + seed, target))
        found += audited(seed, "logit_mask", suppressed(target, np.inf))
    return found


@pytest.fixture(scope="module")
def rows(figures):
    return aggregate_rows(figures, SETTINGS) + model_rows(figures)


def _value(rows, variant, metric, split, attack):
    wanted = (None, variant, metric, split, attack)
    names = ("seed", "variant", "metric", "split", "attack")
    return next(r for r in rows if tuple(r[name] for name in names) == wanted)


def test_two_by_two_holds_means_over_seeds_of_unseen_non_members(rows):
    corners = two_by_two(rows, "hqnn")
    for name, variant in (("original", "target"), ("retrained", "retrain")):
        expected = _value(rows, variant, "mia_success", "forget_train", "su_graybox")
        assert corners[name]["member"] is expected
        expected = _value(rows, variant, "mia_false_positive", "forget_unseen", "su_graybox")
        assert corners[name]["non-member"] is expected
    chosen = two_by_two(rows, "hqnn", "loss_thr", "forget_test")["original"]["non-member"]
    assert (chosen["attack"], chosen["split"]) == ("loss_thr", "forget_test")
    assert two_by_two(rows, "other")["original"]["member"] is None


def test_two_by_two_falls_back_on_test_images(rows):
    fewer = [row for row in rows if row["split"] != "forget_unseen"]
    assert two_by_two(fewer, "hqnn")["original"]["non-member"]["split"] == "forget_test"


def test_table_shows_every_variant_with_its_figures(rows):
    text = terminal_table(rows, confidence=0.95)
    lines = text.split("\n")
    assert max(map(len, lines)) <= 120
    for variant in ("target", "retrain", "logit_mask"):
        line = next(line for line in lines if line.split()[:1] == [variant])
        for split in ("retain_train", "forget_train", "retain_test", "forget_test"):
            assert f"{100 * _value(rows, variant, 'accuracy', split, None)['value']:.1f}" in line
        success = _value(rows, variant, "mia_success", "forget_train", "su_graybox")
        low, high = (100 * success[name] for name in ("ci_low", "ci_high"))
        assert f"{100 * success['value']:.1f} [{low:.0f}, {high:.0f}]" in line
        area = _value(rows, variant, "auc", "forget_train", "loss_thr")
        assert f"{area['value']:.2f} [{area['ci_low']:.2f}, {area['ci_high']:.2f}]" in line
    assert "95% intervals" in text
    assert next(line for line in lines if "logit_mask" in line).endswith("free")
    assert next(line for line in lines if line.split()[:1] == ["retrain"]).endswith("1.0x")


def test_columns_are_aligned_for_long_names(rows):
    longer = [{**r, "variant": r["variant"] + "_with_a_long_name"} for r in rows]
    lines = terminal_table(longer).split("\n")
    body = [line for line in lines if "_with_a_long_name" in line]
    ends = {line.index("%") if "%" in line else len(line) for line in body}
    assert len(body) == 3
    assert len(ends) == 1


def test_a_single_seed_and_missing_attacks_still_make_a_table(figures):
    alone = [f for f in figures if f.attack != "su_graybox" and f.subject.seed == 0]
    text = terminal_table(model_rows(alone))
    assert "loss_thr" in text
    bare = [f for f in alone if f.attack is None]
    line = next(x for x in terminal_table(model_rows(bare)).split("\n") if "target" in x)
    assert line.split()[-5:] == ["-"] * 5


def test_rows_read_back_from_a_csv_with_nan_seeds_count_as_means(rows):
    read = [{**r, "seed": np.nan if r["seed"] is None else float(r["seed"])} for r in rows]
    assert terminal_table(read) == terminal_table(rows)
