"""A line per qubit: known ones are found again, shot noise shrinks, dead wires stay quiet."""

from __future__ import annotations

import numpy as np
import pytest
from qmu.devices import correction as linear_correction
from qmu.seeds import generator

SLOPE = np.array([0.5, 0.9, -0.3])
OFFSET = np.array([0.1, -0.05, 0.2])


@pytest.fixture
def exact():
    """<Z> of 400 images on three wires."""
    return generator("tests", "linear-correction").uniform(-0.9, 0.9, (400, 3))


def test_a_known_affine_map_is_undone(exact):
    """Contracted and shifted values, wire by wire."""
    measured = OFFSET + SLOPE * exact
    lines = linear_correction.fit(measured, exact)
    np.testing.assert_allclose(lines.slope, 1 / SLOPE, rtol=1e-12)
    np.testing.assert_allclose(lines.offset, -OFFSET / SLOPE, atol=1e-12)
    np.testing.assert_allclose(linear_correction.apply(lines, measured), exact, atol=1e-12)


def test_agrees_with_polyfit(exact):
    """Noisy values, one polynomial of degree one a wire."""
    noise = generator("tests", "linear-correction", "noise").normal(0, 0.2, exact.shape)
    measured = OFFSET + SLOPE * exact + noise
    lines = linear_correction.fit(measured, exact)
    for wire in range(3):
        slope, offset = np.polyfit(measured[:, wire], exact[:, wire], 1)
        np.testing.assert_allclose([lines.slope[wire], lines.offset[wire]], [slope, offset])


def test_shot_noise_shrinks_the_line(exact):
    """Slope times reliability: signal variance over that of signal and noise."""
    exact = np.tile(exact, (100, 1))
    sigma = np.array([0.1, 0.5, 1.0])
    noise = generator("tests", "linear-correction", "shots").normal(0, 1, exact.shape)
    lines = linear_correction.fit(exact + sigma * noise, exact)
    signal = exact.var(axis=0)
    np.testing.assert_allclose(lines.slope, signal / (signal + sigma**2), rtol=0.03)
    np.testing.assert_allclose(lines.offset, 0, atol=0.02)
    before, after = sigma**2, np.mean((linear_correction.apply(lines, exact + sigma * noise)
                                       - exact) ** 2, axis=0)  # fmt: skip
    assert np.all(after < before)


def test_a_wire_that_always_reads_the_same(exact):
    """It says nothing, so the mean of the exact values is all there is to say."""
    measured = exact.copy()
    measured[:, 1] = 0.25
    lines = linear_correction.fit(measured, exact)
    assert lines.slope[1] == 0
    found = linear_correction.apply(lines, measured)
    np.testing.assert_allclose(found[:, 1], exact[:, 1].mean())
    np.testing.assert_allclose(found[:, [0, 2]], exact[:, [0, 2]], atol=1e-12)


def test_results_are_expectation_values(exact):
    """Other inputs than those of the fit cannot leave [-1, 1]."""
    lines = linear_correction.fit(0.2 * exact, exact)
    found = linear_correction.apply(lines, np.array([[0.9, -0.9, 0.0]]))
    np.testing.assert_allclose(found, [[1, -1, 0]], atol=1e-12)


@pytest.mark.parametrize("shapes", [((3, 2), (3, 3)), ((1, 2), (1, 2)), ((4, 2), (3, 2))])
def test_shapes_that_do_not_fit(shapes):
    """Refused with both shapes."""
    with pytest.raises(ValueError, match="needed two rows or more"):
        linear_correction.fit(*(np.zeros(shape) for shape in shapes))
