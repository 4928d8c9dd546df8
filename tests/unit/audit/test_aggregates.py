"""Means over seeds: their intervals, distinct images, pooled counts, what has no interval."""

from dataclasses import replace

import numpy as np
import pytest
from attack_example import view
from audit_example import SETTINGS, audited, retrained
from qmu.audit.measure import aggregate_rows
from qmu.metrics import estimates
from qmu.metrics.intervals import clopper_pearson
from scipy import stats

RESAMPLES, CONFIDENCE = 400, 0.95


def rng(seed=0):
    return np.random.default_rng(seed)


def rate(k, n, seed=0):
    hits = np.arange(n) < k
    return estimates.rate(hits, rng(seed), RESAMPLES, CONFIDENCE)


def over(found):
    return estimates.over_seeds(found, CONFIDENCE)


def test_no_successes_in_any_seed_keep_an_honest_upper_limit():
    merged = over([rate(0, 49, s) for s in range(3)])
    assert merged.value == 0
    assert merged.n == 147
    assert merged.interval == clopper_pearson(0, 147)


def test_a_mean_over_seeds_weighs_seeds_alike_and_spans_their_spread():
    merged = over([rate(5, 100), rate(90, 100), rate(40, 50)])
    assert merged.value == pytest.approx((0.05 + 0.9 + 0.8) / 3)
    low, high = merged.interval
    assert low < 0.35 < 0.8 < high


def test_without_spread_between_seeds_the_interval_is_that_of_all_examples():
    generator, held, trials = rng(3), 0, 300
    for trial in range(trials):
        found = [
            estimates.mean(generator.normal(1.0, 1.0, 80), generator, 200, CONFIDENCE)
            for _ in range(4)
        ]
        low, high = estimates.over_seeds(found, CONFIDENCE).interval
        held += low <= 1.0 <= high
        if trial == 0:
            # 320 unit normals: 2 x 1.96 / sqrt(320) = 0.22 wide, plus the seeds' own noise.
            assert 0.15 < high - low < 0.45
    assert held / trials >= 0.93


def test_a_perfect_attack_in_every_seed_is_not_certain():
    pair = [
        estimates.ranking(np.ones(40), np.zeros(120), (0.01,), rng(s), RESAMPLES, CONFIDENCE)
        for s in range(3)
    ]
    merged = over([area for area, _ in pair])
    assert merged.value == 1.0
    assert merged.interval[0] == pytest.approx(0.025 ** (1 / 40), abs=1e-6)
    tpr = over([tpr for _, tpr in pair])
    assert tpr.interval == clopper_pearson(120, 120)


def test_an_unresolved_seed_leaves_the_mean_unresolved():
    few = estimates.ranking(np.ones(40), np.zeros(90), (0.01,), rng(), RESAMPLES, CONFIDENCE)[1]
    many = estimates.ranking(np.ones(40), np.zeros(120), (0.01,), rng(), RESAMPLES, CONFIDENCE)[1]
    merged = over([few, many])
    assert np.isnan(merged.value)
    assert merged.interval is None


def test_difference_pools_its_counts():
    found = [
        estimates.difference(np.zeros(49), np.zeros(200), rng(s), RESAMPLES, CONFIDENCE)
        for s in range(3)
    ]
    merged = over(found)
    single = found[0].interval
    assert single[0] < merged.interval[0] < 0 < merged.interval[1] < single[1]


def test_costs_have_seeds_as_their_examples():
    one = over([estimates.plain(5.0)])
    assert (one.value, one.n, one.interval) == (5.0, 1, None)
    three = over([estimates.plain(v) for v in (1.0, 2.0, 3.0)])
    assert (three.value, three.n) == (2.0, 3)
    assert three.interval[0] < 1.5 < 2.5 < three.interval[1]
    free = over([estimates.plain(np.inf), estimates.plain(2.0)])
    assert (free.value, free.interval) == (np.inf, None)


def shared(hits, images):
    """The rate of the same hits on the same images for each of three seeds."""
    found = [estimates.rate(hits, rng(0), RESAMPLES, CONFIDENCE, np.asarray(ids)) for ids in images]
    return over(found)


def test_images_that_several_seeds_judge_count_once():
    none = np.zeros(49, bool)
    same = shared(none, [np.arange(49)] * 3)
    assert same.n == 49
    assert same.interval == clopper_pearson(0, 49)
    apart = shared(none, [np.arange(49) + 49 * s for s in range(3)])
    assert apart.n == 147
    assert apart.interval == clopper_pearson(0, 147)
    half = shared(none, [np.arange(49), np.arange(49), np.arange(49) + 24])
    assert half.n == 73


def test_seeds_that_agree_on_the_same_images_are_no_surer_than_one():
    hits = rng(4).random(200) < 0.3
    one = estimates.rate(hits, rng(0), RESAMPLES, CONFIDENCE, np.arange(200)).interval
    merged = shared(hits, [np.arange(200)] * 3).interval
    assert merged[1] - merged[0] > 0.95 * (one[1] - one[0])


def test_a_ranking_over_seeds_counts_distinct_non_members():
    """As in the audit: each seed draws its non-members anew from the images of the class."""
    found, stream = [], rng(8)
    for _ in range(3):
        order = stream.permutation(485)
        scores = stream.normal(size=485)
        sides = (order[:95], order[95:])
        found.append(
            estimates.ranking(
                *(scores[rows] for rows in sides), (0.01,), rng(0), 100, CONFIDENCE, sides
            )
        )
    area, tpr = (over(column) for column in zip(*found, strict=True))
    assert [len(e.replicates) for e in (area, tpr)] == [100, 100]
    assert area.n == 485
    distinct = len(set().union(*(e[1].images[0].tolist() for e in found)))
    assert tpr.n == distinct < 3 * 390
    # Found members over all seeds, each image of the members once.
    members = len(set().union(*(e[1].sides[0].tolist() for e in found)))
    assert tpr.counts[0][1] == members < 3 * 95


def test_replicates_of_one_image_agree_over_figures():
    first = estimates.mean(np.array([0.0, 1.0, 5.0]), rng(0), 50, 0.95, np.array([4, 9, 2]))
    again = estimates.mean(np.array([5.0, 0.0, 1.0]), rng(0), 50, 0.95, np.array([2, 4, 9]))
    np.testing.assert_allclose(first.replicates, again.replicates)


def test_one_seed_keeps_its_own_interval():
    one = rate(5, 100)
    assert over([one]).interval == one.interval


def test_seeds_that_differ_are_judged_by_students_t():
    values = np.array([0.2, 0.5, 0.8])
    found = over([estimates.plain(v) for v in values])
    arm = stats.t.ppf(0.975, 2) * stats.sem(values)
    assert found.interval == pytest.approx((0.5 - arm, 0.5 + arm))
    within = over([replace(estimates.plain(v), limits=(0.0, 1.0)) for v in values])
    assert (within.interval[0] >= 0, within.interval[1] <= 1) == (True, True)
    # Three seeds as far apart as that say nothing of a share.
    assert within.interval == (0.0, 1.0)


@pytest.fixture(scope="module")
def figures():
    found = []
    for seed in range(3):
        target = view(seed, memory=4.0)
        found += audited(seed, "target", target)
        found += audited(seed, "retrain", retrained(50 + seed, target))
    return found


def test_one_row_per_figure_whose_value_is_the_mean_over_seeds(figures):
    rows = aggregate_rows(figures, SETTINGS)
    keys = [(r["variant"], r["attack"], r["metric"], r["split"]) for r in rows]
    assert len(set(keys)) == len(keys)
    for figure in figures[:40]:
        subject = figure.subject
        same = [f.estimate.value for f in figures if f.key == figure.key]
        key = (subject.variant, figure.attack, figure.metric, figure.split)
        assert rows[keys.index(key)]["value"] == pytest.approx(np.mean(same), nan_ok=True)
        assert len(same) == 3


def test_derived_rows_follow_the_mean(figures):
    rows = {
        (r["attack"], r["metric"], r["split"]): r
        for r in aggregate_rows(figures, SETTINGS)
        if r["variant"] == "retrain"
    }
    area = rows["loss_thr", "auc", "forget_train"]
    both = rows["loss_thr", "auc_two_sided", "forget_train"]
    assert both["value"] == max(area["value"], 1 - area["value"])
    assert both["ci_low"] >= 0.5


def test_aggregates_repeat_bit_for_bit_in_any_order_of_other_figures(figures):
    first = aggregate_rows(figures, SETTINGS)
    assert repr(first) == repr(aggregate_rows(figures, SETTINGS))
    retrain = [f for f in figures if f.subject.variant == "retrain"]
    alone = aggregate_rows(retrain, SETTINGS)
    assert repr(alone) == repr([r for r in first if r["variant"] == "retrain"])
