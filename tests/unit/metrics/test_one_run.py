"""Bounds from one run: brute force, exact mechanisms, chance, full leak, the judged half alone."""

import math

import numpy as np
import pytest
from qmu.metrics import one_run
from qmu.metrics.one_run import LARGEST, STEP, eps_fdp, eps_one_run, epsilon_of, judged_guesses
from scipy.stats import binom, norm

both = pytest.mark.parametrize("bound", [eps_one_run, eps_fdp])


def _sigmoid(epsilon):
    return 1 / (1 + math.exp(-epsilon))


@pytest.mark.parametrize("delta", [0.0, 1e-5, 1e-2])
@pytest.mark.parametrize(("records", "guesses", "right"), [(20, 7, 6), (100, 100, 71), (50, 9, 9)])
def test_p_value_is_the_formula_term_by_term(records, guesses, right, delta):
    for epsilon in (0.0, 0.4, 2.0):
        pmf = binom(guesses, _sigmoid(epsilon)).pmf
        tail = sum(pmf(k) for k in range(right, guesses + 1))
        shares, total = [0.0], 0.0
        for i in range(1, right + 1):
            total += pmf(right - i)
            shares.append(total / i)
        wanted = min(1.0, tail + 2 * records * delta * max(shares))
        found = one_run.p_value(records, guesses, right, epsilon, delta)
        assert found == pytest.approx(wanted, rel=1e-9)


def test_without_delta_all_right_has_the_closed_form():
    # q^r = 0.05 at the bound.
    rate = 0.05 ** (1 / 30)
    wanted = math.log(rate / (1 - rate))
    assert one_run.one_run(60, 30, 30, delta=0.0) == pytest.approx(wanted, abs=STEP)


def test_a_bound_is_where_the_p_value_crosses():
    found = one_run.one_run(200, 80, 66)
    assert one_run.p_value(200, 80, 66, found, 1e-5) < 0.05
    assert one_run.p_value(200, 80, 66, found + STEP, 1e-5) >= 0.05


def test_epsilon_of_a_gaussian_solves_its_equation():
    for shift in (0.1, 0.7, 2.0, 5.0):
        for delta in (1e-5, 1e-2):
            epsilon = epsilon_of(shift, delta)
            excess = norm.cdf(shift / 2 - epsilon / shift) - math.exp(epsilon) * norm.cdf(
                -shift / 2 - epsilon / shift
            )
            assert epsilon == 0 or excess == pytest.approx(delta, rel=1e-3)
    assert epsilon_of(0.0, 1e-5) == epsilon_of(0.1, 0.5) == 0.0


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("records", [1, 2, 9, 40])
def test_the_recursion_never_excludes_what_a_gaussian_mechanism_does(shift, records):
    """Every record moves its own output by the shift and is guessed by it: the counts of right
    guesses are binomial, so that each event's probability is known exactly."""
    rate = norm.cdf(shift / 2)
    for right in range(records + 1):
        level = binom.sf(right - 1, records, rate)
        # Rounding: at these levels both sides may be equal.
        assert not one_run._excludes(records, records, right, level * (1 - 1e-9), shift + 1e-9)


def test_with_few_guesses_about_many_records_the_curve_bounds_more_than_epsilon_and_delta():
    """Members are guessed two deviations up; each record moves its output by one."""
    hit, wrong = norm.sf(1.0), norm.sf(2.0)
    guesses = int(10_000 * (hit + wrong))
    right = int(10_000 * hit)
    found, true = one_run.gaussian(20_000, guesses, right), epsilon_of(1.0, 1e-5)
    assert one_run.one_run(20_000, guesses, right) < found < true
    assert found > 0.5 * true


@both
def test_chance_is_rarely_bounded_away_from_zero(bound):
    rng, positive = np.random.default_rng(0), 0
    for _ in range(400):
        positive += bound(rng.normal(size=60), rng.normal(size=90)) > 0
    # 400 trials at 5%: more than 31 has probability 1%.
    assert positive <= 31


@both
def test_membership_of_a_fixed_number_is_no_leak_either(bound):
    """Which half of the records are members is drawn, how many is not."""
    rng, positive = np.random.default_rng(1), 0
    scores = rng.exponential(size=100) ** 3
    for _ in range(400):
        order = rng.permutation(100)
        positive += bound(scores[order[:50]], scores[order[50:]]) > 0
    assert positive <= 31


def test_a_known_epsilon_is_not_exceeded():
    """Randomised response at epsilon 1, and a Gaussian mechanism, at 95% confidence."""
    rng = np.random.default_rng(2)
    shift = 1.0
    true = {eps_one_run: 1.0, eps_fdp: epsilon_of(shift, 1e-5)}
    above = dict.fromkeys(true, 0)
    for _ in range(200):
        told = rng.random((2, 200)) < _sigmoid(1.0)
        above[eps_one_run] += eps_one_run(told[0] * 1.0, ~told[1] * 1.0) > true[eps_one_run]
        scores = rng.normal(size=(2, 200)) + np.array([[shift], [0.0]])
        above[eps_fdp] += eps_fdp(*scores) > true[eps_fdp]
    # 200 trials at 5%: more than 18 has probability 1%.
    assert max(above.values()) <= 18


def test_bounds_are_not_vacuous():
    rng = np.random.default_rng(3)
    told = rng.random((2, 4000)) < _sigmoid(1.0)
    assert eps_one_run(told[0] * 1.0, ~told[1] * 1.0) > 0.8
    scores = rng.normal(size=(2, 4000)) + np.array([[1.0], [0.0]])
    assert eps_fdp(*scores) > 0.6 * epsilon_of(1.0, 1e-5)


@both
def test_more_right_guesses_raise_it_and_more_delta_lowers_it(bound):
    count = one_run.one_run if bound is eps_one_run else one_run.gaussian
    found = [count(200, 100, right) for right in range(50, 101, 5)]
    assert found == sorted(found)
    assert found[0] == 0 < found[-1] < LARGEST
    assert count(200, 100, 90, delta=1e-3) <= count(200, 100, 90, delta=1e-6)
    assert count(200, 100, 90, confidence=0.99) < count(200, 100, 90)


@both
def test_the_direction_is_chosen_too(bound):
    rng = np.random.default_rng(4)
    members, others = rng.normal(3, 1, 300), rng.normal(0, 1, 300)
    assert bound(members, others) > 1
    assert bound(-members, -others) == pytest.approx(bound(members, others), rel=0.2)


@both
def test_the_judged_half_never_chooses(bound):
    # A leak in the choosing half alone sets a level that the judged half does not confirm.
    members, others = np.zeros(200), np.zeros(200)
    members[::2] = 5.0
    assert bound(members, others) == 0
    assert judged_guesses(members, others) == (200, 0, 0)


@both
def test_a_leak_of_the_judged_half_alone_is_not_searched_for(bound):
    """Its own best level would be 5; the other half's is 10, which no judged score reaches."""
    members, others = np.zeros(200), np.zeros(200)
    members[::2], members[1::2] = 10.0, 5.0
    assert bound(members, others) == 0
    assert bound(members[::-1], others[::-1]) > 1


def test_the_level_is_the_choosing_halfs_best_and_counts_are_the_other_halfs():
    members = np.array([9.0, 9, 9, 1, 9, 1, 9, 9, 9, 9])
    others = np.array([0.0, 9, 0, 0, 0, 2, 0, 0, 0, 9, 5.0])
    # Choosing: members 9 9 9 9 9, others 0 0 0 0 0: from 9. Judged: 9 1 1 9 9 and 9 0 2 0 9.
    assert judged_guesses(members, others) == (10, 5, 3)


@both
def test_few_and_infinite_scores(bound):
    assert bound(np.array([1.0]), np.zeros(9)) == 0
    assert bound(np.array([]), np.zeros(9)) == 0
    assert bound(np.full(100, np.inf), np.full(100, -np.inf)) > 1


@pytest.mark.parametrize("counts", [(10, 5, 6), (4, 5, 3), (5, 4, -1)])
def test_counts_that_do_not_fit_are_refused(counts):
    with pytest.raises(ValueError, match="guesses about"):
        one_run.one_run(*counts)
    with pytest.raises(ValueError, match="guesses about"):
        one_run.gaussian(*counts)
