"""Differences from retrained models: size, power, small counts, and what cannot be known."""

import math

import numpy as np
import pytest
from qmu.metrics.comparison import Comparison, against_retrained, paired
from qmu.seeds import generator
from scipy import stats

TRIALS = 1500
# Three standard errors of a share of 5% among the trials.
ALLOWANCE = 3 * math.sqrt(0.05 * 0.95 / TRIALS)


def rng(*names):
    return generator("tests", "comparison", *names)


def rejected(draw, step=0.0, effect=0.0):
    """Shares of trials in which the mean and the worst seed differ at 5%."""
    found = []
    for _ in range(TRIALS):
        values, retrained = draw()
        found.append(against_retrained(values + effect, retrained, step))
    return tuple(np.mean([[c.p_value < 0.05, c.worst_p < 0.05] for c in found], axis=0))


def normal(seeds, models, spread, *names):
    """Models that differ by 1 within a seed, seeds by ``spread``, which is common to both sides."""
    stream = rng(*names, seeds, models)

    def draw():
        common = spread * stream.normal(size=seeds)
        both = common[:, None] + stream.normal(size=(seeds, models + 1))
        return both[:, 0], both[:, 1:]

    return draw


def binomial(seeds, models, n, rate):
    stream = rng("binomial", seeds, models, n)

    def draw():
        both = stream.binomial(n, rate, (seeds, models + 1)) / n
        return both[:, 0], both[:, 1:]

    return draw


@pytest.mark.parametrize(("seeds", "models"), [(3, 2), (3, 5), (10, 5)])
@pytest.mark.parametrize("spread", [0.0, 4.0])
def test_one_more_retrained_model_differs_in_five_percent(seeds, models, spread):
    mean, worst = rejected(normal(seeds, models, spread, "size"))
    assert abs(mean - 0.05) < ALLOWANCE
    assert worst < 0.05 + ALLOWANCE


@pytest.mark.parametrize(("seeds", "models"), [(3, 5), (10, 5)])
@pytest.mark.parametrize("hits", [0.05, 0.4, 1.5, 6.0])
def test_rates_near_zero_accuse_no_more_often(seeds, models, hits):
    n = 95
    mean, worst = rejected(binomial(seeds, models, n, hits / n), step=1 / n)
    assert mean < 0.05 + ALLOWANCE
    assert worst < 0.05 + ALLOWANCE


def test_power():
    # Five models a seed: the mean's error is sqrt(1.2 / 3) = 0.63 with 12 degrees of freedom.
    drawn = normal(3, 5, 4.0, "power")
    expected = stats.nct.sf(stats.t.ppf(0.975, 12), 12, 2 / math.sqrt(0.4))
    mean, worst = rejected(drawn, effect=2.0)
    assert mean == pytest.approx(expected, abs=0.04)
    assert worst > 0.3
    assert rejected(normal(3, 5, 4.0, "power"), effect=8.0) == pytest.approx((1, 1), abs=0.01)


def test_closed_form():
    retrained = np.array([[0.0, 2.0], [1.0, 3.0]])
    found = against_retrained(np.array([2.0, 6.0]), retrained)
    # Differences 1 and 4; sigma^2 = (1 + 1 + 1 + 1) / 2 with 2 degrees of freedom.
    error = math.sqrt(2 * 1.5 / 2)
    assert (found.difference, found.worst_difference, found.worst) == (2.5, 4.0, 1)
    assert (found.sigma, found.dof) == (pytest.approx(math.sqrt(2)), 2)
    arm = stats.t.ppf(0.975, 2) * error
    assert (found.low, found.high) == pytest.approx((2.5 - arm, 2.5 + arm))
    assert found.p_value == pytest.approx(2 * stats.t.sf(2.5 / error, 2))
    assert found.worst_p == pytest.approx(min(1, 2 * 2 * stats.t.sf(4 / math.sqrt(3), 2)))
    below = against_retrained(np.array([2.0, 6.0]), retrained, side="below")
    assert (below.worst, below.worst_difference) == (0, 1.0)


def test_differences_that_repeat_are_seen_though_seeds_differ():
    differences = np.array([0.067, 0.074, 0.073])
    seeds = np.array([0.50, 0.62, 0.55])
    retrained = seeds[:, None] + rng("retrained").normal(0, 0.01, (3, 4))
    found = against_retrained(seeds + differences, retrained)
    assert found.p_value < 1e-4
    assert 0.05 < found.low < 0.071 < found.high < 0.09
    both = paired(seeds + differences, seeds)
    assert both.difference == pytest.approx(0.07133, abs=1e-5)
    assert both.p_value == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    low, high = stats.t.interval(0.95, 2, differences.mean(), stats.sem(differences))
    assert (both.low, both.high) == pytest.approx((low, high))
    # What unpaired intervals of the two means would say: nothing.
    assert stats.ttest_ind(seeds + differences, seeds).pvalue > 0.05


def test_one_image_is_no_proof_where_all_retrained_models_agree():
    none = np.zeros((3, 5))
    one = against_retrained(np.array([1 / 95, 0, 0]), none, step=1 / 95)
    assert one.p_value > 0.05
    assert one.worst_p > 0.05
    five = against_retrained(np.array([5 / 95, 0, 0]), none, step=1 / 95)
    assert five.worst_p < 0.01
    assert (five.worst, five.worst_difference) == (0, pytest.approx(5 / 95))


def test_fisher_has_a_say_in_the_worst_seed():
    # By the normal theory one seed's 5 of 95 against 1, 0, 1, 0, 1 would be as sure as can be.
    retrained = np.array([[1, 0, 1, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0]]) / 95
    found = against_retrained(np.array([3, 0, 0]) / 95, retrained, step=1 / 95)
    table = [[3, 92], [3, 472]]
    one_sided = stats.fisher_exact(table, alternative="greater").pvalue
    middle = one_sided - stats.hypergeom(570, 6, 95).pmf(3) / 2
    assert found.worst_p == pytest.approx(min(1, 3 * 2 * middle))
    # Steps of what is no share of images, such as relearning, leave it to Student.
    steps = against_retrained(np.array([30.0, 0, 0]), np.round(retrained * 95), step=1.0)
    assert steps.worst_p < 1e-6


UNKNOWN = {
    "one retrained model": ([0.5, 0.6], [[0.1], [0.2]], 0.01),
    "a missing value": ([0.5, np.nan], [[0.1, 0.1], [0.2, 0.3]], 0.01),
    "a missing retrained model": ([0.5, 0.6], [[0.1, np.nan], [0.2, 0.3]], 0.01),
    "an infinite value": ([0.5, np.inf], [[0.1, 0.1], [0.2, 0.3]], 0.01),
    "no model": ([0.5, 0.6], np.empty((2, 0)), 0.01),
    "no seed": ([], np.empty((0, 3)), 0.01),
    "no spread and no step": ([0.5, 0.6], [[0.1, 0.1], [0.2, 0.2]], 0.0),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_compared_is_unknown(name):
    values, retrained, step = UNKNOWN[name]
    found = against_retrained(np.array(values), np.array(retrained), step)
    assert not found.known
    assert found.dof == 0
    assert np.isnan([found.low, found.high, found.worst_p, found.sigma]).all()


def test_pairs_that_tell_nothing_are_unknown():
    for first, second in (([0.5], [0.4]), ([0.5, 0.75], [0.25, 0.5]), ([], [])):
        found = paired(np.array(first), np.array(second))
        assert not found.known
    assert paired(np.ones(3), np.ones(3)).p_value == 1.0
    with pytest.raises(ValueError, match="shapes differ"):
        paired(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="beside"):
        against_retrained(np.ones(3), np.ones((2, 3)))


def test_more_evidence_never_counts_for_less():
    retrained = rng("monotone").normal(0.5, 0.02, (3, 4))
    base = retrained.mean(axis=1)
    found = [against_retrained(base + shift, retrained) for shift in np.linspace(0, 0.3, 20)]
    assert np.all(np.diff([c.p_value for c in found]) < 0)
    assert np.all(np.diff([c.worst_p for c in found]) <= 0)
    assert all(isinstance(c, Comparison) for c in found)


def test_models_that_read_the_same_are_no_sign_that_others_would(rng):
    """An AUC of scores that tell nothing, beside models that give all images one score."""
    images, false = 90, 0
    spread = np.sqrt((2 * images + 1) / (12 * images**2))
    for _ in range(400):
        scores = rng.normal(size=(3, 2, images))
        areas = np.mean(scores[:, 0, :, None] > scores[:, 1, None, :], axis=(1, 2))
        found = against_retrained(areas, np.full((3, 4), 0.5), 1 / images**2, tied=spread)
        false += found.p_value < 0.05
    assert false / 400 < 0.08
    # One seed of three: its part of the spread.
    half = np.array([[0.4, 0.6], [0.5, 0.5], [0.5, 0.5]])
    found = against_retrained(np.full(3, 0.5), half, tied=0.1)
    assert found.sigma == pytest.approx(np.sqrt((0.02 + 2 * 0.01) / 3))


def test_what_does_not_count_is_never_averaged_away():
    retrained = np.tile([-1.0, 1.0], (100, 1))
    values = np.full(100, 0.5)
    assert against_retrained(values, retrained).p_value < 0.005
    found = against_retrained(values, retrained, moved=0.5)
    assert 0.3 < found.p_value < 0.4
    assert found.low < 0.5 - 1.9 * 0.5
    # Of one seed it is a part beside the models' own spread.
    sigma = found.sigma * np.sqrt(1.5)
    one = against_retrained(values[:1], retrained[:1], moved=sigma)
    assert one.high - one.difference == pytest.approx(
        np.sqrt(2) * (against_retrained(values[:1], retrained[:1]).high - 0.5), rel=0.02
    )
