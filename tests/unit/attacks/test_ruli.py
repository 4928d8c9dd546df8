"""RULI: kernel densities by SciPy, the exact posterior of normal worlds, and missing models."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import FORGET, area, coverage, evidence, masked
from qmu.attacks.methods import ruli
from scipy.stats import gaussian_kde, norm

NAMES = ("test",)


def _run(given, **settings):
    return ruli.score({}, given, ruli.Config(**settings), NAMES)


def _density(own, values, chosen, **settings):
    group = np.zeros(values.shape[1], int)
    return ruli.log_density(own, values, chosen, group, ruli.Config(**settings))


def test_kernels_are_scipys_with_a_deviation_of_its_own():
    rng = np.random.default_rng(0)
    values, own = rng.normal(size=(40, 6)) * np.arange(1, 7), rng.normal(size=6)
    chosen = rng.random((40, 6)) < 0.6
    found = _density(own, values, chosen, own_variance_from=2)
    for i in range(6):
        wanted = gaussian_kde(values[chosen[:, i], i]).logpdf(own[i])[0]
        assert found[i] == pytest.approx(wanted)


def test_normal_worlds_give_the_exact_posterior():
    rng = np.random.default_rng(1)
    first, second = rng.normal(2, 1, (20000, 3)), rng.normal(0, 1.5, (20000, 3))
    everyone, own = np.ones((20000, 3), bool), np.array([-1.0, 1.0, 3.0])
    ratio = _density(own, first, everyone) - _density(own, second, everyone)
    exact = norm.pdf(own, 2, 1) / (norm.pdf(own, 2, 1) + norm.pdf(own, 0, 1.5))
    np.testing.assert_allclose(1 / (1 + np.exp(-ratio)), exact, atol=0.02)


def test_two_peaks_are_two_peaks():
    """What a normal density would miss: a method that forgets by chance or not at all."""
    values = np.concatenate([np.full(50, -5.0), np.full(50, 5.0)])[:, None]
    values = values + 0.3 * np.random.default_rng(2).normal(size=values.shape)
    middle, peak = (
        _density(np.array([x]), values, np.ones((100, 1), bool), bandwidth=0.2) for x in (0.0, 5.0)
    )
    assert peak > middle + 3


def test_a_sample_without_models_is_one_of_its_class():
    values = np.array([[0.0, 10.0, 5.0], [2.0, 12.0, 5.0]])
    chosen = np.array([[True, True, False], [True, True, False]])
    known = np.array([0.0, 2.0, 10.0, 12.0])
    found = _density(np.ones(3), values, chosen)[2]
    assert found == pytest.approx(norm.logpdf(1.0, known.mean(), known.std(ddof=1)))


def test_worlds_are_of_models_after_the_method_that_saw_it_or_not():
    given = evidence(models=8, n=60)
    scored = _run(given).score
    held = given.shadows.member
    p = np.exp(given.unlearned.logits) / np.exp(given.unlearned.logits).sum(-1, keepdims=True)
    own = p[..., np.arange(60), given.audited.label]
    phi = np.log(own) - np.log1p(-own)
    q = np.exp(given.audited.logits) / np.exp(given.audited.logits).sum(-1, keepdims=True)
    mine = q[np.arange(60), given.audited.label]
    mine = np.log(mine) - np.log1p(-mine)
    first, second = (
        ruli.log_density(mine, phi, side, given.audited.label, ruli.Config())
        for side in (held, ~held)
    )
    np.testing.assert_allclose(scored, first - second, atol=1e-6)


def test_what_unlearning_left_is_caught_and_what_it_removed_is_not():
    areas = {}
    for left in (1.0, 0.0):
        given = evidence(memory=5.0, left=left, n=1000)
        areas[left] = area(_run(given), given.audited, given.audited.forget)
    assert areas[1.0] > 0.9
    assert abs(areas[0.0] - 0.5) < 0.1


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(ruli, ruli.Config()) <= 0.99


@pytest.mark.parametrize("held", [False, True])
def test_scores_stay_finite_with_masks_and_one_world(held):
    given = evidence()
    member = given.shadows.member.copy()
    member[:, ::7] = held
    logits = given.unlearned.logits.copy()
    logits[..., FORGET] = -np.inf
    given = replace(
        given,
        audited=masked(given.audited),
        shadows=replace(given.shadows, member=member),
        unlearned=replace(given.unlearned, logits=logits),
    )
    assert np.isfinite(_run(given).score).all()
    member[:, given.audited.label == FORGET] = held
    scored = _run(given).score
    assert np.isfinite(scored).all()
    assert not scored[given.audited.label == FORGET].any()
