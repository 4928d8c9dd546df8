"""The audit of single models: which rows there are, whom they count, and their intervals."""

from dataclasses import replace

import numpy as np
import pytest
from attack_example import relabelled, suppressed, view
from audit_example import (
    SETTINGS,
    audited,
    by_loss,
    output_table,
    probabilities,
    published,
    retrained,
    score_table,
)
from qmu.audit.measure import LARGEST_LOSS, aggregate_rows, measure, model_rows
from qmu.audit.measurement import Reference, Resampling, Subject
from qmu.audit.membership import compared
from qmu.metrics.intervals import clopper_pearson
from qmu.metrics.roc import auc
from qmu.tables import parquet as tables
from qmu.tables.schemas import SCHEMAS

GROUPS = ("forget_train", "retain_train")
QUARTER = ("retain_train", "forget_train", "retain_test", "forget_test")


def find(rows, metric, split=None, attack=None):
    found = [
        row
        for row in rows
        if (row["metric"], row["split"], row["attack"]) == (metric, split, attack)
    ]
    assert len(found) == 1, f"{len(found)} rows of {metric}, {split}, {attack}"
    return found[0]


@pytest.fixture(scope="module")
def target():
    return view(3, memory=4.0)


@pytest.fixture(scope="module")
def rows(target):
    return model_rows(audited(3, "target", target))


def test_the_rows_are_those_of_the_summary(rows, tmp_path):
    assert all(set(row) == set(SCHEMAS["summary"]) for row in rows)
    names = [(row["metric"], row["split"], row["attack"]) for row in rows]
    assert len(set(names)) == len(names)
    expected = {(metric, s, None) for metric in ("accuracy", "cross_entropy") for s in QUARTER}
    for attack in ("su_graybox", "loss_thr"):
        for group in ("forget", "retain"):
            for part in ("test", "unseen"):
                expected.add(("mia_false_positive", f"{group}_{part}", attack))
        for metric in (
            *("mia_success", "mia_success_unfitted", "auc", "auc_two_sided", "advantage"),
            *("balanced_accuracy", "tpr_at_fpr_1pct", "tpr_at_fpr_0_1pct"),
            *("epsilon_lower_bound", "epsilon_one_run", "epsilon_fdp"),
        ):
            expected |= {(metric, group, attack) for group in GROUPS}
    for distance in ("kl_to_retrain", "js_to_retrain", "agreement_with_retrain"):
        expected |= {(distance, s, None) for s in QUARTER}
    for cost in ("gradient_evaluations", "forward_evaluations", "circuit_executions"):
        expected.add((cost, None, None))
    expected |= {(cost, None, None) for cost in ("samples_read", "seconds", "cpu_seconds")}
    expected.add(("hessian_products", None, None))
    assert set(names) == expected
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["summary"]}
    tables.write(tmp_path / "s.parquet", "summary", columns, experiment="e", code_digest="d")
    assert len(tables.read(tmp_path / "s.parquet", "summary")["value"]) == len(rows)


def test_a_certificate_is_told_as_it_is_stored(target):
    rows = model_rows(audited(3, "ssd", target, epsilon=1.5, delta=1e-6))
    assert find(rows, "epsilon_certified")["value"] == 1.5
    assert find(rows, "delta_certified")["value"] == 1e-6


def test_rates_are_counts_with_exact_intervals(rows, target):
    right = target.logits.argmax(axis=1) == target.label
    for split in QUARTER:
        here = right[target.split == split]
        row = find(rows, "accuracy", split)
        assert (row["value"], row["n"]) == (here.mean(), len(here))
        assert (row["ci_low"], row["ci_high"]) == clopper_pearson(int(here.sum()), len(here))
    decision = by_loss(target).decision
    for metric, split in (
        ("mia_success", "forget_train"),
        ("mia_false_positive", "forget_test"),
        ("mia_false_positive", "retain_unseen"),
    ):
        here = decision[target.split == split]
        row = find(rows, metric, split, "loss_thr")
        assert (row["value"], row["n"]) == (here.mean(), len(here))


def test_comparisons_are_of_one_group_and_agree_with_each_other(rows, target):
    scored = by_loss(target)
    scores = score_table(target, {"loss_thr": scored})
    part = np.array([s.rpartition("_")[2] for s in target.split])
    for group, inside in (("forget_train", target.forget), ("retain_train", ~target.forget)):
        members = inside & (part == "train")
        others = inside & np.isin(part, ("test", "unseen"))
        if group == "retain_train":
            # Non-members in the classes' proportions among the members, close to all of them.
            everyone = auc(scored.score[members], scored.score[others])
            others = np.isin(np.arange(len(part)), compared(scores, "retain")[1])
            assert auc(scored.score[members], scored.score[others]) == pytest.approx(
                everyone, abs=0.01
            )
        area = find(rows, "auc", group, "loss_thr")
        assert area["value"] == auc(scored.score[members], scored.score[others])
        assert area["n"] == members.sum() + others.sum()
        assert area["ci_low"] > 0.5
        gap = scored.decision[members].mean() - scored.decision[others].mean()
        advantage = find(rows, "advantage", group, "loss_thr")
        assert advantage["value"] == pytest.approx(gap)
        balanced = find(rows, "balanced_accuracy", group, "loss_thr")
        for column in ("value", "ci_low", "ci_high"):
            assert balanced[column] == pytest.approx((1 + advantage[column]) / 2)


def test_published_success_counts_its_population_and_the_rest_leaves_fitted_points_out(target):
    rng = np.random.default_rng(0)
    population = rng.choice(target.sample_id, 900, replace=False)
    fitted = np.isin(target.sample_id, population[:700])
    found = model_rows(
        audited(3, "target", target, populations={"su_graybox": population}, fitted=fitted)
    )
    decision = published(target).decision
    members = target.split == "forget_train"
    inside = members & np.isin(target.sample_id, population)
    row = find(found, "mia_success", "forget_train", "su_graybox")
    assert (row["value"], row["n"]) == (decision[inside].mean(), inside.sum())
    row = find(found, "mia_success_unfitted", "forget_train", "su_graybox")
    assert (row["value"], row["n"]) == (
        decision[members & ~fitted].mean(),
        (members & ~fitted).sum(),
    )
    others = np.isin(target.split, ("forget_test", "forget_unseen"))
    row = find(found, "auc", "forget_train", "su_graybox")
    assert row["n"] == ((members | others) & ~fitted).sum()
    # The other attack has no population and no fitted points: all members count.
    assert find(found, "mia_success", "forget_train", "loss_thr")["n"] == members.sum()


def test_tpr_at_one_percent_is_not_resolvable_with_few_non_members():
    small = view(1, n=800)
    rows = model_rows(audited(1, "target", small))
    row = find(rows, "tpr_at_fpr_1pct", "forget_train", "loss_thr")
    assert np.isnan(row["value"])
    assert row["ci_low"] is row["ci_high"] is None
    resolved = find(rows, "tpr_at_fpr_1pct", "retain_train", "loss_thr")
    assert resolved["ci_low"] <= resolved["value"] <= resolved["ci_high"]


def test_distances_of_retrain_are_the_floor(target):
    rows = model_rows(audited(3, "retrain", retrained(7, target)))
    metrics = {row["metric"] for row in rows}
    assert {"kl_to_retrain_floor", "js_to_retrain_floor"} <= metrics
    assert "agreement_with_retrain_floor" in metrics
    assert "kl_to_retrain" not in metrics
    floor = find(rows, "js_to_retrain_floor", "forget_train")["value"]
    original = model_rows(audited(3, "target", target))
    assert 0 < floor < find(original, "js_to_retrain", "forget_train")["value"]


def test_the_loss_is_the_mean_cross_entropy_and_finite_where_a_class_is_ruled_out(target):
    rows = model_rows(audited(3, "ga", target))
    own = target.split == "forget_train"
    p = probabilities(target)[own, target.label[own]]
    found = find(rows, "cross_entropy", "forget_train")
    assert found["value"] == pytest.approx(-np.log(p).mean())
    assert found["ci_low"] < found["value"] < found["ci_high"]
    logits = np.where(np.arange(10) == target.label[:, None], -np.inf, target.logits)
    masked = model_rows(audited(3, "mask", replace(target, logits=logits)))
    assert find(masked, "cross_entropy", "forget_train")["value"] == LARGEST_LOSS


def test_a_model_equal_to_the_ensemble_is_at_distance_zero(target):
    zero = np.array([0])
    cost = dict.fromkeys(("gradient_evaluations", "forward_evaluations"), zero)
    cost |= dict.fromkeys(("hessian_products", "circuit_executions", "samples_read"), zero)
    rows = model_rows(
        measure(
            Subject("hqnn", 0, "logit_mask", "default.qubit"),
            output_table(target),
            score_table(target, {"loss_thr": by_loss(target)}),
            cost,
            {"wall_seconds": np.array([0.5]), "cpu_seconds": np.array([0.5])},
            Reference(np.stack([probabilities(target)] * 2), 100, 2.0),
            SETTINGS,
        )
    )
    assert find(rows, "kl_to_retrain", "forget_test")["value"] == 0
    assert find(rows, "agreement_with_retrain", "forget_test")["value"] == 1
    assert find(rows, "speedup")["value"] == np.inf
    assert find(rows, "speedup_seconds")["value"] == 4.0


def test_speedups_compare_with_retraining(target):
    rows = model_rows(audited(3, "ga", target))
    assert find(rows, "speedup")["value"] == 8000 / 400
    assert find(rows, "speedup_seconds")["value"] == 80 / 4
    retrain = model_rows(audited(3, "retrain", retrained(7, target)))
    assert find(retrain, "speedup")["value"] == 1.0


def test_a_suppressed_class_reads_zero_on_the_published_metric_and_leaks_as_before(target):
    """The case for the audit (a published success of 0% on a model that forgot nothing)."""
    before = model_rows(audited(3, "target", target))
    after = model_rows(audited(3, "mask", suppressed(target, 60.0)))
    success = [find(r, "mia_success", "forget_train", "su_graybox") for r in (before, after)]
    assert success[0]["value"] > 0.95
    assert success[1]["value"] == 0
    assert success[1]["ci_high"] > 0.02
    area = [find(r, "auc", "forget_train", "loss_thr") for r in (before, after)]
    assert area[1]["value"] == pytest.approx(area[0]["value"], abs=0.01)
    assert area[1]["ci_low"] > 0.6


def test_same_names_same_rows_and_other_names_other_intervals(target, rows):
    again = model_rows(audited(3, "target", target))
    assert repr(again) == repr(rows)
    other = model_rows(audited(3, "target", target, Resampling(("other",), resamples=200)))
    first, second = (find(r, "auc", "forget_train", "loss_thr") for r in (rows, other))
    assert first["value"] == second["value"]
    assert first["ci_low"] != second["ci_low"]


def test_exchangeable_members_exclude_chance_about_as_often_as_stated():
    """Membership dealt at random: 5% of 95% intervals should miss an AUC of 0.5."""
    given, trials = view(2, memory=4.0, n=1000), 100
    figures = [
        figure
        for seed in range(trials)
        for figure in audited(seed, "target", relabelled(given, seed))
        if figure.metric in ("auc", "advantage") and figure.attack == "loss_thr"
    ]
    found = {}
    for row in model_rows(figures):
        chance = {"auc": 0.5, "advantage": 0.0}.get(row["metric"])
        if chance is not None and row["split"] == "retain_train":
            missed = not row["ci_low"] <= chance <= row["ci_high"]
            found.setdefault(row["metric"], []).append(missed)
    # 100 trials at 5%: more than 12 has probability 0.2%, none at all 0.6%.
    assert 1 <= sum(found["auc"]) <= 12
    assert sum(found["advantage"]) <= 12


def test_nan_scores_and_foreign_ensembles_are_refused(target):
    scores = score_table(target, {"loss_thr": by_loss(target)})
    tables_of = (output_table(target), scores, {}, {})
    subject = Subject("hqnn", 0, "target", "default.qubit")
    foreign = Reference(np.ones((2, 5, 10)), 8000, 1.0)
    with pytest.raises(ValueError, match="retrain ensemble of shape"):
        measure(subject, *tables_of, foreign, SETTINGS)
    scores["score"][3] = np.nan
    with pytest.raises(ValueError, match="loss_thr: a membership score is NaN"):
        measure(subject, *tables_of, foreign, SETTINGS)


def test_aggregates_of_one_seed_are_its_own_figures(target, rows):
    merged = aggregate_rows(audited(3, "target", target), SETTINGS)
    assert [row["seed"] for row in merged] == [None] * len(rows)
    for one, mean in zip(rows, merged, strict=True):
        assert mean["metric"] == one["metric"]
        assert mean["value"] == one["value"] or np.isnan(one["value"])
        if one["ci_low"] is not None:
            assert mean["ci_low"] <= one["ci_low"] <= one["ci_high"] <= mean["ci_high"]


def test_a_hessian_product_costs_two_gradients_in_the_speedup(target):
    given = {
        "gradient_evaluations": np.array([20]),
        "forward_evaluations": np.array([0]),
        "hessian_products": np.array([15]),
        "circuit_executions": np.array([0]),
        "samples_read": np.array([35]),
    }
    rows = model_rows(
        measure(
            Subject("hqnn", 0, "newton", "default.qubit"),
            output_table(target),
            score_table(target, {"loss_thr": by_loss(target)}),
            given,
            {"wall_seconds": np.array([0.5]), "cpu_seconds": np.array([0.5])},
            Reference(np.stack([probabilities(target)] * 2), 100, 2.0),
            SETTINGS,
        )
    )
    assert find(rows, "hessian_products")["value"] == 15
    assert find(rows, "speedup")["value"] == 100 / (20 + 2 * 15)
