"""Intervals: published values, SciPy as a second route, and coverage over many draws."""

import numpy as np
import pytest
from qmu.metrics.intervals import clopper_pearson, newcombe, over_seeds, percentile, union
from scipy import stats


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 49, 0.0, 0.073), (46, 51, 0.786, 0.967), (0, 0, 0.0, 1.0)]
)
def test_values_of_the_specification(k, n, low, high):
    assert clopper_pearson(k, n) == pytest.approx((low, high), abs=6e-4)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_agrees_with_scipy_exact_intervals(confidence):
    for n in (1, 7, 100):
        for k in {0, 1, n // 3, n - 1, n}:
            expected = stats.binomtest(k, n).proportion_ci(confidence, method="exact")
            np.testing.assert_allclose(clopper_pearson(k, n, confidence), expected, atol=1e-12)


def test_covers_at_least_as_often_as_it_says():
    for n in (5, 49):
        intervals = [clopper_pearson(k, n) for k in range(n + 1)]
        for p in np.linspace(0.01, 0.99, 33):
            held = [k for k, (low, high) in enumerate(intervals) if low <= p <= high]
            assert stats.binom.pmf(held, n, p).sum() >= 0.95


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="5 successes of 4"):
        clopper_pearson(5, 4)


def test_difference_holds_newcombes_own_interval():
    """56/70 - 48/80: Newcombe 1998, method 10 from Wilson limits gives (0.0524, 0.3339)."""
    low, high = newcombe((56, 70), (48, 80))
    assert 0.0 < low < 0.0524
    assert 0.3339 < high < 0.40


def test_difference_of_zeros_is_not_certain_and_the_interval_turns_with_the_sign():
    low, high = newcombe((0, 50), (0, 200))
    assert low < -0.01 < 0.05 < high
    np.testing.assert_allclose(
        newcombe((9, 20), (3, 30)), [-x for x in newcombe((3, 30), (9, 20))][::-1]
    )


@pytest.mark.parametrize(("p1", "p2"), [(0.5, 0.5), (0.95, 0.57), (0.02, 0.0)])
def test_difference_covers(p1, p2):
    rng = np.random.default_rng(0)
    drawn = zip(rng.binomial(60, p1, 500), rng.binomial(240, p2, 500), strict=True)
    held = 0
    for k1, k2 in drawn:
        low, high = newcombe((int(k1), 60), (int(k2), 240))
        held += low <= p1 - p2 <= high
    assert held / 500 >= 0.95


def test_percentile_and_union():
    replicates = np.arange(1001) / 1000
    assert percentile(replicates, 0.9) == pytest.approx((0.05, 0.95))
    assert union((0.2, 0.3), (0.1, 0.25), (0.22, 0.28)) == (0.1, 0.3)


def test_over_seeds_without_replicates_is_students_t():
    values = np.array([[0.2, 3.0], [0.5, 1.0], [0.8, 8.0]])
    low, high = over_seeds(values, None)
    for column in range(2):
        own = values[:, column]
        expected = stats.t.interval(0.95, 2, own.mean(), stats.sem(own))
        assert (low[column], high[column]) == pytest.approx(expected)


def test_over_seeds_what_is_shared_is_added_and_what_is_not_is_in_the_values_already():
    rng = np.random.default_rng(0)
    common, own = rng.normal(size=200), rng.normal(size=(4, 200))
    common, own = common - common.mean(), own - own.mean(axis=1, keepdims=True)
    values = np.array([1.0, 2.0, 4.0, 5.0])
    arm = np.diff(over_seeds(values, None))[0] / 2
    low, high = over_seeds(values, np.tile(0.5 * common, (4, 1)))
    shared = 1.959964 * 0.5 * common.std()
    assert (high - low) / 2 == pytest.approx(np.hypot(arm, shared))
    low, high = over_seeds(values, 0.5 * own)
    assert (high - low) / 2 == pytest.approx(arm, rel=0.05)


def test_over_seeds_is_never_surer_than_the_images_allow():
    rng = np.random.default_rng(1)
    replicates = rng.normal(size=(3, 5000))
    low, high = over_seeds(np.full(3, 0.5), replicates)
    spread = replicates.mean(axis=0).std()
    assert (low, high) == pytest.approx((0.5 - 1.96 * spread, 0.5 + 1.96 * spread), rel=1e-3)


@pytest.mark.parametrize("limits", [(0.0, 1.0), (-1.0, 1.0)])
def test_over_seeds_near_a_limit_bends_as_wilsons(limits):
    values = np.array([0.93, 0.97, 0.98])
    width = limits[1] - limits[0]
    low, high = over_seeds(values, None, limits=limits)
    plain = over_seeds(values, None)
    share, squared = (values.mean() - limits[0]) / width, ((plain[1] - plain[0]) / 2 / width) ** 2
    # Wilson's lower limit solves (share - p)^2 = squared * p (1 - p) / (share (1 - share)).
    p = (low - limits[0]) / width
    assert (share - p) ** 2 == pytest.approx(squared * p * (1 - p) / (share * (1 - share)))
    assert low < plain[0]
    assert high == limits[1]


def test_over_seeds_of_a_figure_at_its_limit_stays_there():
    low, high = over_seeds(np.ones(3), np.ones((3, 50)), limits=(0.0, 1.0))
    assert (low, high) == (1.0, 1.0)


def test_clopper_pearson_counts_parts_of_successes():
    low, high = clopper_pearson(2.5, 40)
    assert clopper_pearson(2, 40)[0] < low < clopper_pearson(3, 40)[0]
    assert clopper_pearson(2, 40)[1] < high < clopper_pearson(3, 40)[1]
