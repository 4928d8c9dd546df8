"""The terminal table: alignment, width, and which rows it shows."""

import dataclasses

import numpy as np
import pytest
from attack_example import suppressed, view
from audit_example import SETTINGS, audited, retrained
from qmu import registry
from qmu.audit.measure import aggregate_rows, model_rows
from qmu.report.terminal import terminal_table

CARDS = {name: registry.load("attacks", name).CARD for name in ("su_graybox", "loss_thr")}


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


def test_table_shows_every_variant_with_its_figures(rows):
    text = terminal_table(rows, CARDS, confidence=0.95)
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


def test_non_members_are_unseen_images_and_else_test_images(rows):
    assert "(split forget_unseen)" in terminal_table(rows, CARDS)
    fewer = [row for row in rows if row["split"] != "forget_unseen"]
    text = terminal_table(fewer, CARDS)
    assert "(split forget_test)" in text
    rate = _value(rows, "target", "mia_false_positive", "forget_test", "su_graybox")["value"]
    line = next(line for line in text.split("\n") if line.split()[:1] == ["target"])
    assert f"{100 * rate:.1f}" in line


def test_the_attacks_shown_are_those_that_their_cards_name(rows):
    names = {row["attack"] for row in rows} - {None, "su_graybox"}
    other = sorted(names)[0]
    cards = {other: dataclasses.replace(CARDS["loss_thr"], published=True, reference=False)}
    head = terminal_table(rows, cards).split("\n")[2]
    assert other in head
    first = next(row["attack"] for row in rows if row["attack"])
    assert first in terminal_table(rows, {}).split("\n")[2]


def test_columns_are_aligned_for_long_names(rows):
    longer = [{**r, "variant": r["variant"] + "_with_a_long_name"} for r in rows]
    lines = terminal_table(longer, CARDS).split("\n")
    body = [line for line in lines if "_with_a_long_name" in line]
    ends = {line.index("%") if "%" in line else len(line) for line in body}
    assert len(body) == 3
    assert len(ends) == 1


def test_a_single_seed_and_missing_attacks_still_make_a_table(figures):
    alone = [f for f in figures if f.attack != "su_graybox" and f.subject.seed == 0]
    text = terminal_table(model_rows(alone), CARDS)
    assert "loss_thr" in text
    bare = [f for f in alone if f.attack is None]
    line = next(x for x in terminal_table(model_rows(bare), CARDS).split("\n") if "target" in x)
    assert line.split()[-5:] == ["-"] * 5


def test_rows_read_back_from_a_csv_with_nan_seeds_count_as_means(rows):
    read = [{**r, "seed": np.nan if r["seed"] is None else float(r["seed"])} for r in rows]
    assert terminal_table(read, CARDS) == terminal_table(rows, CARDS)
