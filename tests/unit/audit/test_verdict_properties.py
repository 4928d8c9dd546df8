"""Properties of the verdicts over generated tables: more evidence never acquits, wider intervals
neither acquit nor aggravate, missing figures never acquit, what sees nothing changes nothing."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qmu.audit.verdicts.rules import RULES
from qmu.audit.verdicts.verdicts import verdicts
from verdict_tables import CONFIG, Table

ACQUITS = {rule.name: rule.acquits for rule in RULES}
LOW = 0.47
GRAVITY = {rule.name: place for place, rule in enumerate(RULES) if rule.accuses}
# The same tables every time; for a longer search, more of them by the variable.
tried = settings(
    max_examples=int(os.environ.get("QMU_TABLES", "25")), deadline=None, derandomize=True
)

shares = st.sampled_from([0.0, 0.0, 0.02, 0.05, 0.1, 0.25, 0.6, 1.0])
seeds = st.integers(0, 10_000)
ensembles = st.sampled_from([0, 1, 3, 4])
ladders = st.sampled_from([(), (10, 100), (2, 5, 10, 25, 50, 100)])


@st.composite
def tables(draw):
    """A table with one method; small, so that many can be tried."""
    table = Table(
        draw(seeds),
        seeds=(0, 1, 2)[: draw(st.integers(1, 3))],
        ensemble=draw(ensembles),
        ladder=draw(ladders),
    )
    table.add("ga", draw(shares))
    if draw(st.booleans()):
        split = draw(st.sampled_from(["retain_test", "retain_train"]))
        table.set("ga", "accuracy", draw(st.floats(0.5, 1)), split)
    if draw(st.booleans()):
        table.set("ga", "auc", draw(st.floats(0.3, 1)), "retain_train", "lira")
    if draw(st.booleans()):
        table.add("logit_mask", draw(shares))
    for key in table.values:
        table.arms[key] = draw(st.sampled_from([0.004, 0.03])) if key[0] == "ga" else 0.02
    return table


def judged(rows, config=CONFIG):
    return {one.variant: one for one in verdicts(rows, config)}["ga"]


def acquitted(one):
    return ACQUITS[one.verdict]


def stronger(key, values, by):
    """A figure of the method, moved to where it tells of more memory or harm."""
    if key[2] == "relearn_aligned_steps":
        return values - 10 * by
    if key[2] == "accuracy":
        return values - by if key[3].startswith("retain") else values
    return values + by if key[1] or key[2].endswith(("_aligned", "_gap")) else values


@tried
@given(tables(), st.sampled_from([0.01, 0.05, 0.3]), st.data())
def test_more_evidence_never_acquits(table, by, data):
    before = judged(table.rows())
    own = [key for key in table.values if key[0] == "ga"]
    chosen = data.draw(st.lists(st.sampled_from(own), min_size=1, max_size=4, unique=True))
    seed = data.draw(st.sampled_from([None, *range(len(table.seeds))]))
    # Where members stood out below chance, more membership may well be less of that.
    below = any(key[2] == "auc" and table.values[key].min() < LOW for key in chosen)
    for key in chosen:
        moved = stronger(key, table.values[key], by)
        where = np.arange(len(moved)) == seed if seed is not None else np.ones(len(moved), bool)
        table.values[key] = np.where(where, moved, table.values[key])
    after = judged(table.rows())
    if before.accused and not below:
        assert after.accused
    if not acquitted(before) and not below:
        assert not acquitted(after)


@tried
@given(tables(), st.sampled_from([1.2, 2.0, 10.0]), st.booleans())
def test_wider_intervals_neither_acquit_nor_aggravate(table, factor, single):
    narrow = judged(table.rows(single=single))
    wide = judged(table.rows(widen=factor, single=single))
    _compare_widths(narrow, wide)


@tried
@given(tables(), st.data())
def test_wider_intervals_of_some_figures_neither_acquit_nor_aggravate(table, data):
    single = data.draw(st.booleans())
    narrow = judged(table.rows(single=single))
    for key in data.draw(st.lists(st.sampled_from(list(table.values)), min_size=1, max_size=6)):
        table.arms[key] = 0.4
    _compare_widths(narrow, judged(table.rows(single=single)))


def _compare_widths(narrow, wide):
    if not acquitted(narrow):
        assert not acquitted(wide)
    if not narrow.accused:
        assert not wide.accused
    elif wide.accused:
        assert GRAVITY[wide.verdict] >= GRAVITY[narrow.verdict]


@tried
@given(tables(), st.data())
def test_missing_figures_never_acquit(table, data):
    before = judged(table.rows())
    keys = list(table.values)
    own = [key for key in keys if key[0] == "ga"]
    pool = data.draw(st.sampled_from([own, keys]))
    gone = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=5))
    # All that a model was trained on or that compares with it, or one figure of all models.
    if data.draw(st.booleans()):
        gone = [key for key in keys if key[1:] == gone[0][1:]]
    after = judged(table.rows(without=gone)) if set(own) - set(gone) else before
    if not acquitted(before):
        assert not acquitted(after)


@tried
@given(tables(), st.integers(1, 30), seeds)
def test_attacks_that_see_nothing_change_nothing(table, count, seed):
    before = judged(table.rows())
    table.rng = np.random.default_rng(seed)
    variants = dict.fromkeys(key[0] for key in table.values)
    names = [f"junk_{k}" for k in range(count)]
    for name in names:
        for variant in variants:
            for metric, value, spread in (("auc", 0.5, 0.005), ("tpr_at_fpr_1pct", 0.01, 0.0)):
                table.set(variant, metric, value, "forget_train", name, spread)
            table.set(variant, "auc", 0.5, "retain_train", name, 0.005)
    config = CONFIG | {
        "attacks": CONFIG["attacks"] | {name: {"component": "loss_thr"} for name in names}
    }
    after = judged(table.rows(), config)
    assert (before.verdict, before.accused) == (after.verdict, after.accused)
    assert before.sentence == after.sentence


@tried
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_attacks_changes_nothing(table, random):
    rows = table.rows()
    before = judged(rows)
    random.shuffle(rows)
    config = CONFIG | {"attacks": dict(reversed(CONFIG["attacks"].items()))}
    assert judged(rows, config) == before


@tried
@given(seeds, st.floats(0, 1), st.floats(0, 1), st.floats(0, 8))
def test_edits_that_move_every_image_of_the_class_alike_are_no_memory(seed, train, test, loss):
    """Bias, temperature, head: what reads the answer moves, on seen and unseen images alike."""
    table = Table(seed)
    table.add("ga", 0.0)
    for k in range(1, 3):
        table.add(f"innocent_bias@{k}", 0.0)
    before = {one.variant: one.accused for one in verdicts(table.rows(), CONFIG)}
    for variant in ("ga", "innocent_bias@1", "innocent_bias@2"):
        table.set(variant, "accuracy", train, "forget_train")
        table.set(variant, "accuracy", test, "forget_test")
        table.set(variant, "relearn_ratio", 0.2, None).set(variant, "u_lira_auc", 1.0)
        table.set(variant, "loss", loss, "forget_train").set(variant, "loss", loss, "forget_test")
        table.set(variant, "agreement_with_retrain", 0.1, "forget_train")
    # Chance may accuse one in so many of them; the edit accuses none.
    assert {one.variant: one.accused for one in verdicts(table.rows(), CONFIG)} == before


@pytest.mark.parametrize("ensemble", [0, 4])
def test_the_generated_tables_hold_every_kind_of_outcome(ensemble):
    """The properties above compare something: all three outcomes occur."""
    outcomes = set()
    for share in (0.0, 0.1, 1.0):
        for ladder in ((), (2, 5, 10, 25, 50, 100)):
            one = judged(Table(1, ensemble=ensemble, ladder=ladder).add("ga", share).rows())
            outcomes.add("accused" if one.accused else "acquitted" if acquitted(one) else "open")
    assert outcomes == ({"accused", "open"} if ensemble == 0 else {"accused", "open", "acquitted"})
