"""The lower bound of epsilon: closed forms, an independent formula, no leak and full leak."""

import math

import numpy as np
import pytest
from qmu.metrics.epsilon import DELTA, _bounds, held_out, lower_bound
from scipy.stats import beta


def test_a_perfect_attack_has_the_closed_form():
    # Clopper-Pearson at 97.5%: TPR >= (0.0125)^(1/n), FPR <= 1 - (0.0125)^(1/n).
    low = 0.0125 ** (1 / 200)
    expected = math.log((low - DELTA) / (1 - low))
    assert lower_bound(200, 200, 0, 200) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("hits", "false"), [(0, 0), (50, 50), (100, 100), (10, 40)])
def test_no_advantage_gives_zero(hits, false):
    assert lower_bound(hits, 100, false, 100) == 0


@pytest.mark.parametrize("counts", [(60, 90, 5, 120), (88, 90, 60, 120), (300, 900, 40, 900)])
def test_agrees_with_the_beta_quantiles(counts):
    k, m, j, n = counts
    low, high = beta.ppf(0.0125, k, m - k + 1), beta.ppf(0.9875, j + 1, n - j)
    first = math.log((low - 1e-3) / high)
    second = math.log((1 - high - 1e-3) / (1 - low))
    found = lower_bound(*counts, confidence=0.95, delta=1e-3)
    assert found == pytest.approx(max(0.0, first, second), abs=1e-9)
    assert found > 0


def test_more_confidence_and_more_delta_lower_the_bound():
    counts = (80, 100, 10, 100)
    assert lower_bound(*counts, 0.99) < lower_bound(*counts, 0.95)
    assert lower_bound(*counts, delta=0.1) < lower_bound(*counts)


def test_without_leak_the_bound_is_rarely_positive():
    """The threshold is chosen on other scores, so 5% at most of the bounds may err."""
    rng, positive = np.random.default_rng(0), 0
    for _ in range(300):
        positive += held_out(rng.normal(size=80), rng.normal(size=160)) > 0
    # 300 trials at 5%: more than 24 has probability 1%.
    assert positive <= 24


def test_perfect_separation_is_as_large_as_the_held_out_half_allows():
    found = held_out(np.arange(400) + 1000.0, np.arange(400.0))
    assert found == lower_bound(200, 200, 0, 200)


def test_the_direction_is_chosen_too():
    rng = np.random.default_rng(1)
    members, others = rng.normal(3, 1, 300), rng.normal(0, 1, 300)
    found = held_out(members, others)
    assert found > 1
    # Reversed, scores at or above a threshold are those at or below it: the rule may shift by one
    # score, the bound by little.
    assert held_out(-members, -others) == pytest.approx(found, rel=0.1)


def test_the_judged_half_never_chooses():
    # A leak in the choosing half alone sets a threshold that the judged half does not confirm.
    members, others = np.zeros(200), np.zeros(200)
    members[::2] = 5.0
    assert held_out(members, others) == 0


def test_a_leak_in_the_judged_half_alone_is_no_rule():
    """The choosing half shows no threshold, so none may be found in the other."""
    members, others = np.zeros(200), np.zeros(200)
    members[1::2] = 5.0
    assert held_out(members, others) == 0


def test_the_judged_half_is_judged_at_the_threshold_of_the_other():
    """Chosen by the first half: at least 1. In the second half 2 would be better by far."""
    members, others = np.zeros(400), np.zeros(400)
    members[::2], members[1::2] = 1.0, 2.0
    others[1::2][:60] = 1.0
    assert held_out(members, others) == lower_bound(200, 200, 60, 200)


def test_too_few_scores_bound_nothing():
    assert held_out(np.array([1.0]), np.zeros(10)) == 0


def test_infinite_scores_are_scores():
    assert held_out(np.full(100, np.inf), np.full(100, -np.inf)) > 1


def test_bounds_of_many_thresholds_are_those_of_each():
    rng = np.random.default_rng(2)
    members, others = np.sort(rng.normal(1, 1, 60).round(1)), np.sort(rng.normal(size=90).round(1))
    levels = np.unique(np.r_[members, others])
    found = _bounds(members, others, levels, 0.95, DELTA)
    expected = [
        lower_bound(int((members >= t).sum()), 60, int((others >= t).sum()), 90) for t in levels
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.max() > 0


def test_a_leak_of_the_judged_half_alone_is_not_searched_for():
    """Its own best threshold would be 5; the other half's is 10, which no judged score reaches."""
    members, others = np.zeros(200), np.zeros(200)
    members[::2], members[1::2] = 10.0, 5.0
    assert held_out(members, others) == 0
    assert held_out(members[::-1], others[::-1]) > 1
