"""ROC curves, and the rows that attacks compare: classes matched, nothing fitted."""

import numpy as np
import pytest
from attack_example import relabelled, view
from audit_example import SETTINGS, by_loss, score_table
from qmu.audit.measurement import Recorder, Subject
from qmu.audit.membership import compared
from qmu.audit.roc import roc_rows
from qmu.metrics.roc import Roc
from sklearn.metrics import roc_curve

FPRS = np.array([0.001, 0.01, 0.05, 0.3, 1.0])


def scores(seed, shuffle=False):
    given = view(seed, memory=4.0)
    given = relabelled(given, seed) if shuffle else given
    table = score_table(given, {"loss_thr": by_loss(given)})
    return {**table, "seed": np.full(len(table["score"]), seed)}


def stacked(*tables):
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_a_curve_is_tpr_at_fpr_and_scikit_learns(decimals):
    rng = np.random.default_rng(decimals)
    roc = Roc(rng.normal(1, 1, 300).round(decimals), rng.normal(0, 1, 1000).round(decimals))
    found = roc.curve(FPRS)
    assert found.tolist() == [roc.tpr_at_fpr(fpr) for fpr in FPRS]
    truth, both = np.r_[np.ones(300), np.zeros(1000)], np.r_[roc.members, roc.others]
    fpr, tpr, _ = roc_curve(truth, both, drop_intermediate=False)
    expected = [tpr[fpr <= level + 1e-12].max() for level in FPRS]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_replicates_of_a_curve_are_those_of_single_rates():
    rng = np.random.default_rng(3)
    roc = Roc(rng.normal(1, 1, 60), rng.normal(0, 1, 1000).round(1))
    curves = roc.curve_replicates(np.random.default_rng(5), 50, FPRS)
    singles = roc.replicates(np.random.default_rng(5), 50, tuple(FPRS))[1:]
    np.testing.assert_array_equal(curves, singles.T)


def test_compared_rows_match_classes_and_hold_nothing_fitted():
    table = scores(1)
    table["fitted"] = np.arange(len(table["score"])) % 3 == 0
    # A class with few non-members left.
    scarce = (table["label"] == 7) & (table["split"] != "retain_train")
    table["fitted"][np.flatnonzero(scarce)[:60]] = True
    members, others = compared(table, "retain")
    assert not table["fitted"][np.r_[members, others]].any()
    assert set(table["split"][members]) == {"retain_train"}
    assert set(table["split"][others]) == {"retain_test", "retain_unseen"}
    free = ~table["fitted"]
    assert len(members) == np.sum(free & (table["split"] == "retain_train"))
    # The scarcest class loses none.
    parts = np.isin(table["split"], ("retain_test", "retain_unseen"))
    left = np.sum(free & parts & (table["label"] == 7))
    assert np.sum(table["label"][others] == 7) == left
    counts = [np.bincount(table["label"][rows], minlength=10) for rows in (members, others)]
    present = counts[0] > 0
    ratio = counts[1][present] / counts[0][present]
    assert np.all((ratio.max() - ratio) * counts[0][present] <= 1)
    forget, _ = compared(table, "forget")
    assert set(table["split"][forget]) == {"forget_train"}


def test_the_order_ignores_scores_and_stored_order():
    table = scores(2)
    first = [table["sample_id"][rows] for rows in compared(table, "retain")]
    other = {**table, "score": -table["score"]}
    place = np.random.default_rng(0).permutation(len(table["score"]))
    shuffled = {name: column[place] for name, column in table.items()}
    for again in (other, shuffled):
        for ids, rows in zip(first, compared(again, "retain"), strict=True):
            np.testing.assert_array_equal(ids, again["sample_id"][rows])


def test_a_group_without_members_compares_nothing():
    table = scores(2)
    table["fitted"] = table["split"] == "forget_train"
    members, others = compared(table, "forget")
    assert len(members) == len(others) == 0


def test_rows_rise_from_a_rate_that_can_be_resolved():
    table = scores(3)
    rows = roc_rows(table, "hqnn", "target", SETTINGS)
    assert {row["group"] for row in rows} == {"forget", "retain"}
    for group in ("forget", "retain"):
        own = [row for row in rows if row["group"] == group]
        count = len(compared(table, group)[1])
        fprs, tprs = ([row[name] for row in own] for name in ("fpr", "tpr"))
        assert 1 / count <= fprs[0] + 1e-12 < 1.2 / count + 0.001
        assert fprs == sorted(fprs)
        assert tprs == sorted(tprs)
        assert (fprs[-1], tprs[-1]) == (1.0, 1.0)
        assert all(row["ci_low"] <= row["tpr"] <= row["ci_high"] for row in own)
        assert any(row["ci_low"] < row["ci_high"] for row in own)
    assert repr(rows) == repr(roc_rows(table, "hqnn", "target", SETTINGS))


def test_seeds_are_averaged():
    tables = [scores(4), scores(5, shuffle=True)]
    both = roc_rows(stacked(*tables), "hqnn", "target", SETTINGS)
    single = [
        {(r["group"], r["fpr"]): r["tpr"] for r in roc_rows(t, "hqnn", "target", SETTINGS)}
        for t in tables
    ]
    shared = [row for row in both if all((row["group"], row["fpr"]) in s for s in single)]
    assert len(shared) > 40
    for row in shared:
        mean = np.mean([s[row["group"], row["fpr"]] for s in single])
        assert row["tpr"] == pytest.approx(mean)


def test_two_rates_are_reported_and_what_is_not_resolvable_has_no_interval():
    draw = Recorder(Subject("hqnn", None, "ga", "default.qubit"), SETTINGS)
    rng = np.random.default_rng(0)
    members, others = rng.normal(1, 1, 80), rng.normal(0, 1, 400)
    area, first, second = draw.ranking("loss_thr", "forget_train", members, others)
    assert [f.metric for f in (area, first, second)] == [
        *("auc", "tpr_at_fpr_1pct", "tpr_at_fpr_0_1pct")
    ]
    assert first.estimate.value == Roc(members, others).tpr_at_fpr(0.01)
    assert first.estimate.interval[0] <= first.estimate.value <= first.estimate.interval[1]
    assert np.isnan(second.estimate.value)
    assert second.estimate.interval is None
    assert second.estimate.n == 400
    assert area.subject.seed is None
    again = draw.ranking("loss_thr", "forget_train", members, others)[0]
    assert again.estimate.interval == area.estimate.interval
