"""Gaussians of confidences: closed forms, pooling, and samples that no model tells of."""

import numpy as np
import pytest
from qmu.metrics.likelihood import CLIP, SMALLEST, Gaussians, fit, log_ratio, logit_confidence
from scipy.stats import norm


def test_confidence_is_the_log_odds_of_the_label(rng):
    logits, labels = rng.normal(size=(3, 7, 4)), rng.integers(0, 4, 7)
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    own = p[:, np.arange(7), labels]
    np.testing.assert_allclose(logit_confidence(logits, labels), np.log(own / (1 - own)))


def test_confidence_keeps_digits_and_is_cut_where_a_class_is_masked():
    logits = np.array([[60.0, 0.0], [-np.inf, 0.0], [0.0, -np.inf], [1e4, 0.0]])
    found = logit_confidence(logits, np.zeros(4, int))
    np.testing.assert_array_equal(found, [60.0, -CLIP, CLIP, CLIP])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_confidence_refuses_what_is_no_logit(bad):
    with pytest.raises(ValueError, match="finite"):
        logit_confidence(np.array([[0.0, bad]]), np.array([0]))


def test_densities_are_those_of_normals(rng):
    values, mean, deviation = rng.normal(size=(3, 5)), rng.normal(size=5), rng.uniform(0.5, 3, 5)
    found = Gaussians(mean, deviation).log_density(values)
    np.testing.assert_allclose(found, norm.logpdf(values, mean, deviation))


def test_many_models_give_every_sample_its_own_variance(rng):
    values = rng.normal(size=(40, 5)) * np.arange(1, 6)
    chosen = rng.random((40, 5)) < 0.5
    found = fit(values, chosen, np.zeros(5, int), few=2)
    for i in range(5):
        own = values[chosen[:, i], i]
        assert found.mean[i] == pytest.approx(own.mean())
        assert found.deviation[i] == pytest.approx(own.std(ddof=1))


def test_few_models_share_a_class_variance_by_degrees_of_freedom(rng):
    values, group = rng.normal(size=(9, 6)), np.array([0, 0, 0, 1, 1, 1])
    chosen = rng.random((9, 6)) < 0.6
    found = fit(values, chosen, group)
    for name in (0, 1):
        owns = [values[chosen[:, i], i] for i in np.flatnonzero(group == name)]
        squares = sum(((own - own.mean()) ** 2).sum() for own in owns)
        pooled = squares / sum(len(own) - 1 for own in owns)
        np.testing.assert_allclose(found.deviation[group == name], np.sqrt(pooled))


def test_sample_without_models_is_known_as_one_of_its_group():
    values = np.array([[0.0, 10.0, 5.0], [2.0, 12.0, 5.0]])
    chosen = np.array([[True, True, False], [True, True, False]])
    found = fit(values, chosen, np.zeros(3, int))
    known = np.array([0.0, 2.0, 10.0, 12.0])
    assert found.mean[2] == known.mean()
    assert found.deviation[2] == pytest.approx(known.std(ddof=1))
    assert found.deviation[0] == pytest.approx(np.sqrt(2))


def test_group_of_single_models_takes_the_variance_of_all():
    values = np.array([[0.0, 3.0], [2.0, 4.0]])
    chosen = np.array([[True, True], [True, False]])
    found = fit(values, chosen, np.array([0, 1]))
    np.testing.assert_allclose(found.deviation, np.sqrt(2))


def test_constant_confidence_keeps_a_smallest_deviation():
    found = fit(np.full((4, 2), CLIP), np.ones((4, 2), bool), np.zeros(2, int))
    np.testing.assert_array_equal(found.deviation, SMALLEST)


def test_log_ratio_is_that_of_normal_densities(rng):
    first = Gaussians(rng.normal(size=5), rng.random(5) + 0.5)
    second = Gaussians(rng.normal(size=5), rng.random(5) + 0.5)
    values = rng.normal(size=(3, 5))
    wanted = norm.logpdf(values, first.mean, first.deviation) - norm.logpdf(
        values, second.mean, second.deviation
    )
    np.testing.assert_allclose(log_ratio(values, first, second), wanted, atol=1e-12)


def test_nothing_known_is_no_evidence():
    known, unknown = (
        Gaussians(np.zeros(1), np.ones(1)),
        fit(np.zeros((2, 1)), np.zeros((2, 1), bool), np.zeros(1, int)),
    )
    assert log_ratio(np.array([3.0]), unknown, known) == 0.0
