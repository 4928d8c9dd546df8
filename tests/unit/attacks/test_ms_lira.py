"""LiRA on all signals: products of independent ones, joint densities, hidden and missing ones."""

from dataclasses import replace

import attack_example
import numpy as np
import pytest
from lira_example import area, before, coverage, evidence, masked
from qmu.attacks.game import Evidence, ShadowModels, View
from qmu.attacks.methods import lira_online, ms_lira
from scipy.stats import multivariate_normal

NAMES = ("test",)
CLASSES, WIRES = 3, 4


def _run(given, **settings):
    config = ms_lira.Config(**settings)
    return ms_lira.score(ms_lira.fit(given, config, NAMES), given, config, NAMES)


def _gaussian_world(models, n, shift, mixing, seed=0):
    """Fitted arrays and signals of one class with many models; ``mixing`` (s, s) of white noise."""
    rng = np.random.default_rng(seed)
    count = len(mixing)
    noise = rng.normal(size=(models + 1, n, count)) @ mixing.T
    member = np.arange(models)[:, None] % 2 == np.zeros(n, int)
    values = noise[:models] + shift * member[..., None]
    return values, member, noise[models]


def _as_evidence(values, member, own):
    """Signals as <Z> of models whose logits all say the same."""
    models, n, _ = values.shape
    logits = np.zeros((models, n, CLASSES))
    label, ids = np.zeros(n, int), np.arange(n)
    split = np.full(n, "forget_test", dtype=object)
    nobody = np.zeros(n, bool)
    view = View(ids, label, split, ~nobody, nobody, logits[0], "ce", expectation_values=own)
    fleet = ShadowModels(ids, label, member, logits, "ce", values)
    return Evidence(view, view, shadows=fleet)


def test_independent_signals_add_their_log_likelihood_ratios():
    shift = np.array([1.0, -0.5, 0.0, 2.0])
    values, member, own = _gaussian_world(4000, 5, shift, np.eye(WIRES))
    found = _run(_as_evidence(values, member, own)).score
    wanted = (own @ shift) - 0.5 * shift @ shift
    np.testing.assert_allclose(found, wanted, atol=0.3)


def test_sides_that_differ_in_spread_alone_are_told_by_it():
    """Twice the deviation in: N(0, 2^2) against N(0, 1), signal by signal."""
    values, member, own = _gaussian_world(4000, 5, np.zeros(WIRES), np.eye(WIRES))
    values = values * np.where(member, 2.0, 1.0)[..., None]
    found = _run(_as_evidence(values, member, own)).score
    wanted = (own**2 * (1 - 0.25) / 2 - np.log(2)).sum(axis=1)
    np.testing.assert_allclose(found, wanted, atol=0.4)


def test_correlated_signals_have_their_joint_density():
    shift = np.array([1.0, 0.5, 0.0, 0.0])
    mixing = np.linalg.cholesky(0.3 * np.eye(WIRES) + 0.7)
    values, member, own = _gaussian_world(40_000, 5, shift, mixing)
    found = _run(_as_evidence(values, member, own), shrinkage=1e-6).score
    cov = mixing @ mixing.T
    wanted = multivariate_normal(shift, cov).logpdf(own) - multivariate_normal(
        np.zeros(WIRES), cov
    ).logpdf(own)
    np.testing.assert_allclose(found, wanted, atol=0.4)
    product = own @ shift - 0.5 * shift @ shift
    assert np.abs(found - product).max() > 1


def test_copies_of_a_signal_count_hardly_more_than_once():
    """A singular covariance: without the correlation, four copies are four times the evidence."""
    shift = np.full(WIRES, 1.0)
    mixing = np.zeros((WIRES, WIRES))
    mixing[:, 0] = 1.0
    values, member, own = _gaussian_world(2000, 6, shift, mixing)
    found = _run(_as_evidence(values, member, own), shrinkage=1e-3).score
    np.testing.assert_allclose(found, own[:, 0] - 0.5, atol=0.2)


def test_without_a_circuit_it_reads_confidence_and_logits():
    given = before(evidence(n=200))
    assert given.shadows.expectation_values is None
    config = ms_lira.Config()
    fitted = ms_lira.fit(given, config, NAMES)
    assert fitted["in_mean"].shape == (200, 1 + given.audited.logits.shape[1])
    scored = ms_lira.score(fitted, given, config, NAMES).score
    # A classical model's outputs hold its embedding under this name.
    other = replace(given.audited, expectation_values=np.full((200, 9), np.nan))
    again = ms_lira.score(fitted, replace(given, audited=other), config, NAMES).score
    np.testing.assert_array_equal(scored, again)


def test_members_of_a_masked_class_are_told_by_what_the_mask_leaves():
    """The label's logit is minus infinity, and every member is still named."""
    given = attack_example.evidence(n=2000, memory=8.0, models=32, masked=True)
    assert np.isneginf(given.audited.logits[given.audited.forget, attack_example.FORGET]).all()
    forget = given.audited.forget
    assert area(_run(given), given.audited, forget) > 0.8
    config = lira_online.Config()
    blind = lira_online.score(lira_online.fit(given, config, NAMES), given, config, NAMES)
    assert abs(area(blind, given.audited, forget) - 0.5) < 0.15


def test_planted_leakage_is_caught():
    given = before(evidence(memory=5.0, n=1000))
    for group in (given.audited.forget, ~given.audited.forget):
        assert area(_run(given), given.audited, group) > 0.9


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(ms_lira, ms_lira.Config()) <= 0.99


@pytest.mark.parametrize("held", [False, True])
def test_samples_with_models_on_one_side_and_constant_signals_stay_finite(held):
    given = attack_example.evidence(n=400)
    member = given.shadows.member.copy()
    member[:, ::7] = held
    member[:, given.audited.label == attack_example.FORGET] = held
    fleet = replace(given.shadows, member=member)
    fleet.expectation_values[..., 0] = 0.25
    given = replace(given, shadows=fleet, audited=masked(given.audited))
    assert np.isfinite(_run(given).score).all()


def test_every_signal_hidden_is_no_evidence():
    given = before(evidence(n=100))
    logits = np.full_like(given.audited.logits, -np.inf)
    scored = _run(replace(given, audited=replace(given.audited, logits=logits)))
    np.testing.assert_array_equal(scored.score, 0.0)


def test_fleets_are_needed():
    given = before(evidence(n=100))
    with pytest.raises(ValueError, match="shadow models"):
        ms_lira.fit(replace(given, shadows=None), ms_lira.Config(), NAMES)
    full = replace(given.shadows, member=np.ones_like(given.shadows.member))
    with pytest.raises(ValueError, match="'out'"):
        ms_lira.fit(replace(given, shadows=full), ms_lira.Config(), NAMES)
