"""BaVarIA: its posterior by quadrature, its two limits, and what few shadow models gain by it."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import FORGET, area, before, coverage, evidence, masked
from qmu.attacks.methods import bavaria, lira_online
from scipy.stats import invgamma, norm, t

NAMES = ("test",)


def _run(given, module=bavaria, **settings):
    config = module.Config(**settings)
    return module.score(module.fit(given, config, NAMES), given, config, NAMES)


def _world(values, **settings):
    """The predictive of one group of samples with all models chosen."""
    chosen = ~np.isnan(values)
    group = np.zeros(values.shape[1], int)
    return bavaria.predictive(np.nan_to_num(values), chosen, group, bavaria.Config(**settings))


def test_predictive_integrates_the_normal_over_its_posterior():
    """Mean and variance integrated numerically: prior times likelihood, no conjugate formula."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 5)) + 2 * rng.normal(size=5)
    freedom, weight, at = 3.0, 0.7, 1.3
    found = _world(values, freedom=freedom, models=weight).log_density(np.full(5, at))[0]
    within = values.var(axis=0, ddof=1).mean()
    centre = values.mean()

    mean, log_variance = np.meshgrid(np.linspace(-15, 15, 801), np.linspace(-8, 8, 801))
    variance = np.exp(log_variance)
    prior = invgamma.pdf(variance, freedom / 2, scale=freedom * within / 2) * variance
    prior = prior * norm.pdf(mean, centre, np.sqrt(variance / weight))
    likelihood = np.prod([norm.pdf(x, mean, np.sqrt(variance)) for x in values[:, 0]], axis=0)
    posterior = prior * likelihood / np.sum(prior * likelihood)
    wanted = np.sum(posterior * norm.pdf(at, mean, np.sqrt(variance)))
    assert found == pytest.approx(np.log(wanted), abs=2e-3)


def test_many_models_and_a_flat_prior_give_lira():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4000, 6)) * np.arange(1, 7) + np.arange(6)
    found = _world(values, freedom=0.0, models=0.0)
    own = np.arange(6) + np.array([-2.0, -1, 0, 1, 2, 0.5]) * np.arange(1, 7)
    wanted = norm.logpdf(own, values.mean(axis=0), values.std(axis=0, ddof=1))
    np.testing.assert_allclose(found.log_density(own), wanted, atol=5e-3)


def test_a_sample_without_models_has_the_prior():
    values = np.array([[0.0, 10.0, np.nan], [2.0, 14.0, np.nan], [4.0, 12.0, np.nan]])
    found = _world(values, freedom=5.0, models=0.5)
    wanted = t.logpdf(1.0, 5.0, 7.0, np.sqrt(4.0 * 1.5 / 0.5))
    assert found.log_density(np.ones(3))[2] == pytest.approx(wanted)


def test_the_prior_of_the_mean_follows_the_spread_between_samples():
    """With null the weight of the class is the ratio of variances: shrinkage as in the normal
    model with known variances."""
    rng = np.random.default_rng(2)
    truth = 3.0 * rng.normal(size=4000)
    values = truth + rng.normal(size=(2, 4000))
    found = _world(values)
    shrunk = values.mean(axis=0) * 9 / (9 + 0.5)
    np.testing.assert_allclose(found.location, shrunk, atol=0.25)
    assert np.mean((found.location - truth) ** 2) < np.mean((values.mean(axis=0) - truth) ** 2)


def test_order_of_samples_and_models_does_not_matter():
    given = before(evidence(n=100))
    whole = _run(given).score
    order = np.random.default_rng(0).permutation(16)
    fleet = given.shadows
    moved = replace(fleet, member=fleet.member[order], logits=fleet.logits[order])
    np.testing.assert_allclose(_run(replace(given, shadows=moved)).score, whole, atol=1e-9)
    for rows in (np.arange(100)[::3], np.arange(100)[::-1]):
        names = ("sample_id", "label", "split", "forget", "member", "logits")
        part = replace(given.audited, **{k: getattr(given.audited, k)[rows] for k in names})
        config = bavaria.Config()
        fitted = bavaria.fit(given, config, NAMES)
        again = bavaria.score(fitted, replace(given, audited=part), config, NAMES).score
        np.testing.assert_array_equal(again, whole[rows])


def test_few_models_gain_and_none_are_lost():
    """Over pools with four shadow models, where samples have variances of their own."""
    gains = []
    for seed in range(12):
        given = before(evidence(seed, memory=1.5, models=4, n=400))
        gains.append(
            area(_run(given), given.audited) - area(_run(given, lira_online), given.audited)
        )
    assert np.mean(gains) > 0


def test_a_memorising_model_is_caught():
    given = before(evidence(memory=5.0, n=1000))
    scored = _run(given)
    for group in (given.audited.forget, ~given.audited.forget):
        assert area(scored, given.audited, group) > 0.9


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(bavaria, bavaria.Config()) <= 0.99


@pytest.mark.parametrize("held", [False, True])
def test_classes_with_models_on_one_side_only_say_nothing(held):
    given = before(evidence())
    member = given.shadows.member.copy()
    member[:, :3] = held
    member[:, given.audited.label == FORGET] = held
    given = replace(given, shadows=replace(given.shadows, member=member))
    scored = _run(replace(given, audited=masked(given.audited))).score
    assert np.isfinite(scored).all()
    assert not scored[given.audited.label == FORGET].any()


def test_fleets_are_needed():
    given = before(evidence(n=100))
    with pytest.raises(ValueError, match="shadow models"):
        bavaria.fit(replace(given, shadows=None), bavaria.Config(), NAMES)
    all_in = replace(given.shadows, member=np.ones_like(given.shadows.member))
    with pytest.raises(ValueError, match="'out'"):
        bavaria.fit(replace(given, shadows=all_in), bavaria.Config(), NAMES)
