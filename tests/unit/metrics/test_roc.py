"""AUC and TPR at FPR: closed forms, scikit-learn as a second route, coverage of the intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qmu.metrics import resampling, roc
from qmu.metrics.intervals import percentile
from qmu.metrics.roc import Roc, auc, two_sided
from scipy.special import ndtr
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score, roc_curve

# Few distinct values, so that ties are everywhere.
tied = arrays(np.float64, st.integers(1, 30), elements=st.integers(-3, 3).map(float))


@settings(deadline=None, derandomize=True)
@given(tied, tied)
def test_agrees_with_scikit_learn_and_mann_whitney(members, others):
    truth = np.r_[np.ones(len(members)), np.zeros(len(others))]
    found = auc(members, others)
    assert found == pytest.approx(roc_auc_score(truth, np.r_[members, others]), abs=1e-12)
    statistic = mannwhitneyu(members, others).statistic
    assert found == pytest.approx(statistic / len(members) / len(others), abs=1e-12)
    assert auc(others, members) == pytest.approx(1 - found, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, 2.5])
def test_shifted_gaussians_have_the_known_area(shift):
    rng = np.random.default_rng(1)
    found = auc(rng.normal(shift, 1, 200_000), rng.normal(0, 1, 200_000))
    assert found == pytest.approx(ndtr(shift / np.sqrt(2)), abs=0.003)


def test_identical_scores_are_a_coin_toss_without_spread():
    ranking = Roc(np.zeros(50), np.zeros(200))
    assert ranking.auc == 0.5
    drawn = ranking.replicates(np.random.default_rng(0), 100)[0]
    assert ranking.auc_interval(drawn, 0.95) == (0.5, 0.5)


def test_minus_infinity_is_the_lowest_score_and_nan_is_refused():
    assert auc([-np.inf, 1.0], [-np.inf, 0.0]) == pytest.approx(0.625)
    with pytest.raises(ValueError, match="NaN"):
        Roc(np.array([np.nan]), np.array([0.0]))
    with pytest.raises(ValueError, match="members and non-members"):
        Roc(np.array([]), np.array([0.0]))


def test_perfect_separation_is_not_certain():
    ranking = Roc(np.ones(60), np.zeros(240))
    drawn = ranking.replicates(np.random.default_rng(0), 200)[0]
    low, high = ranking.auc_interval(drawn, 0.95)
    assert (low, high) == (pytest.approx(0.0250 ** (1 / 60), abs=1e-6), 1.0)
    mirrored = Roc(np.zeros(60), np.ones(240))
    assert mirrored.auc_interval(1 - drawn, 0.95) == (0.0, pytest.approx(1 - low))


@pytest.mark.parametrize("levels", [7, 10**9])
def test_replicates_are_those_of_every_pair_of_a_resample(levels):
    rng = np.random.default_rng(2)
    members, others = (rng.integers(0, levels, size).astype(float) for size in (40, 130))
    members[0], others[:2] = -np.inf, -np.inf
    images = (np.arange(40), 900 + np.arange(130))
    ranking = Roc(members, others)
    drawn = ranking.replicates(np.random.default_rng(5), 70, (0.01,), images)
    curve = ranking.curve_replicates(np.random.default_rng(5), 70, np.array([0.01, 0.3]), images)
    picks = resampling.counts(resampling.key(np.random.default_rng(5)), images, 70)
    for number, (first, second) in enumerate(zip(*picks, strict=True)):
        inside, outside = np.repeat(members, first)[:, None], np.repeat(others, second)
        area = np.mean((inside > outside) + (inside == outside) / 2)
        assert drawn[0, number] == pytest.approx(area, abs=1e-15)
        # As many of the drawn non-members may pass as of all 130: one, or 39.
        passing = np.sum(outside >= inside, axis=1)
        assert drawn[1, number] == pytest.approx(np.mean(passing <= 1), abs=1e-15)
        assert curve[number] == pytest.approx(
            [np.mean(passing <= 1), np.mean(passing <= 39)], abs=1e-15
        )


def test_chunks_do_not_change_replicates(monkeypatch):
    rng = np.random.default_rng(3)
    ranking = Roc(rng.normal(size=30), rng.normal(size=110))
    whole = ranking.replicates(np.random.default_rng(1), 150, (0.01,))
    monkeypatch.setattr(roc, "CHUNK", 11)
    np.testing.assert_array_equal(ranking.replicates(np.random.default_rng(1), 150, (0.01,)), whole)


def test_bootstrap_spread_is_that_of_delong():
    rng = np.random.default_rng(4)
    members, others = rng.normal(0.8, 1, 90), rng.normal(0, 1, 250)
    wins = (members[:, None] > others).astype(float)
    expected = np.sqrt(wins.mean(1).var(ddof=1) / 90 + wins.mean(0).var(ddof=1) / 250)
    drawn = Roc(members, others).replicates(rng, 3000)[0]
    assert drawn.std() == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_intervals_cover_the_known_area(shift):
    rng = np.random.default_rng(6)
    truth, held = ndtr(shift / np.sqrt(2)), 0
    for _ in range(400):
        ranking = Roc(rng.normal(shift, 1, 60), rng.normal(0, 1, 240))
        low, high = percentile(ranking.replicates(rng, 300)[0])
        held += low <= truth <= high
    # 400 draws at 95% have a standard deviation of 1.1 points.
    assert 0.91 <= held / 400 <= 0.985


def test_tpr_at_fpr_is_that_of_scikit_learns_curve():
    rng = np.random.default_rng(7)
    for size in (100, 250, 1000):
        members, others = rng.normal(1, 1, 80).round(1), rng.normal(0, 1, size).round(1)
        fpr, tpr, _ = roc_curve(
            np.r_[np.ones(80), np.zeros(size)], np.r_[members, others], drop_intermediate=False
        )
        for level in (0.01, 0.1):
            expected = tpr[fpr <= level + 1e-12].max()
            assert Roc(members, others).tpr_at_fpr(level) == pytest.approx(expected)


def test_a_false_positive_rate_needs_non_members_enough():
    scores = np.arange(99.0)
    assert np.isnan(Roc(scores, scores).tpr_at_fpr(0.01))
    assert Roc(scores, np.zeros(100)).tpr_at_fpr(0.01) == pytest.approx(98 / 99)


def test_two_sided_folds_value_and_interval():
    assert two_sided(0.3, (0.2, 0.4)) == (0.7, (0.6, 0.8))
    assert two_sided(0.48, (0.4, 0.55)) == (0.52, (0.5, 0.6))
    assert two_sided(0.7, (0.6, 0.8)) == (0.7, (0.6, 0.8))
