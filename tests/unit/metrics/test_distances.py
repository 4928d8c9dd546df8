"""Distances of probability tables: closed forms, bounds, SciPy as a second route."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qmu.metrics.distances import (
    agreement,
    between_states,
    clipped,
    js,
    kl,
    moments,
    slope_and_correlation,
)
from scipy.special import entr, rel_entr

tables = arrays(np.float64, (6, 5), elements=st.floats(0, 1)).map(
    lambda a: (a + 1e-300) / (a + 1e-300).sum(axis=1, keepdims=True)
)


@settings(deadline=None, derandomize=True)
@given(tables, tables)
def test_against_scipy_and_within_bounds(p, q):
    a, b = clipped(p), clipped(q)
    np.testing.assert_allclose(kl(p, q), rel_entr(a, b).sum(axis=1), atol=1e-12)
    expected = (entr((a + b) / 2) - entr(a) / 2 - entr(b) / 2).sum(axis=1)
    np.testing.assert_allclose(js(p, q), expected, atol=1e-12)
    np.testing.assert_allclose(js(p, q), js(q, p), atol=1e-14)
    assert np.all(kl(p, q) >= -1e-12)
    assert np.all((js(p, q) >= -1e-12) & (js(p, q) <= np.log(2) + 1e-12))
    np.testing.assert_array_equal(agreement(p, q), agreement(q, p))


@settings(deadline=None, derandomize=True)
@given(tables)
def test_a_table_is_at_distance_zero_of_itself(p):
    np.testing.assert_array_equal(kl(p, p), 0)
    np.testing.assert_array_equal(js(p, p), 0)
    np.testing.assert_array_equal(agreement(p, p), 1)


def test_opposite_certainties_are_as_far_as_the_clip_allows():
    p, q = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(kl(p, q), -np.log(1e-8), rtol=1e-6)
    np.testing.assert_allclose(js(p, q), np.log(2), rtol=1e-6)
    assert agreement(p, q) == [0.0]
    assert np.isfinite(kl(p, q)).all()


def test_an_ensemble_broadcasts():
    rng = np.random.default_rng(0)
    p, many = rng.dirichlet(np.ones(4), 7), rng.dirichlet(np.ones(4), (3, 7))
    np.testing.assert_array_equal(kl(p, many)[2], kl(p, many[2]))


def test_slope_and_correlation_against_exact_values(rng):
    exact = rng.normal(size=(20, 3))
    assert slope_and_correlation(exact, 0.3 * exact - 0.1) == pytest.approx((0.3, 1.0))
    slope, correlation = slope_and_correlation(exact, -2 * exact + rng.normal(size=exact.shape))
    assert slope == pytest.approx(-2, abs=0.4)
    assert -1 < correlation < -0.8
    with pytest.raises(ValueError, match="same"):
        slope_and_correlation(np.ones(4), np.ones(4))


def test_weighted_moments_are_slope_and_correlation_over_images(rng):
    """Equal weights; a resample is the same as repeating its images."""
    exact = rng.normal(size=(20, 3))
    noisy = 0.5 * exact + 0.2 * rng.normal(size=exact.shape)
    slope, correlation = moments(exact, noisy)
    drawn = rng.integers(20, size=20)
    weights = np.stack([np.full(20, 1 / 20), np.bincount(drawn, minlength=20) / 20])
    expected = [slope_and_correlation(exact[rows], noisy[rows]) for rows in (slice(None), drawn)]
    found = np.stack([slope(weights), correlation(weights)], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.2, np.pi / 2])
@pytest.mark.parametrize("phase", [1.0, 1j, np.exp(2.5j)])
def test_distances_of_states_at_a_known_angle(angle, phase):
    """|<a|b>| is the cosine of the angle, whatever the phase; orthogonal states among them."""
    first = np.array([[1.0, 0.0, 0.0]], complex)
    second = phase * np.array([[np.cos(angle), 0.0, np.sin(angle)]])
    if angle == np.pi / 2:
        second[0, 0] = 0.0
    with np.errstate(all="raise"):
        found = {name: value.item() for name, value in between_states(first, second).items()}
    assert found == pytest.approx(
        {
            "fidelity": np.cos(angle) ** 2,
            "trace_distance": np.sin(angle),
            "helstrom": (1 + np.sin(angle)) / 2,
            "bures": np.sqrt(2 - 2 * np.cos(angle)),
        },
        abs=1e-12,
    )
