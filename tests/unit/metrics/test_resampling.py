"""Counts of a bootstrap that is keyed by images: distribution, alignment, and repeatability."""

import numpy as np
import pytest
from qmu.metrics import resampling
from scipy import stats

IMAGES = np.arange(500)


def drawn(key, images, resamples=400):
    return resampling.counts(key, (images,), resamples)[0]


def test_counts_are_poisson():
    found = np.bincount(drawn(7, IMAGES).ravel(), minlength=8)
    expected = found.sum() * stats.poisson(1).pmf(np.arange(len(found)))
    many = expected > 5
    assert (
        stats.chisquare(found[many], expected[many] * found[many].sum() / expected[many].sum())[1]
        > 1e-3
    )


def test_images_and_resamples_are_independent_of_each_other():
    table = drawn(3, IMAGES, 2000).astype(float)
    for axis in (table, table.T):
        correlation = np.corrcoef(axis[:, :60].T) - np.eye(60)
        assert np.abs(correlation).max() < 5.5 / np.sqrt(len(axis))


def test_an_image_is_drawn_alike_wherever_it_appears():
    others = np.array([40, 3, 977, 12, *range(600, 640)])
    np.testing.assert_array_equal(drawn(5, IMAGES)[:, [40, 3, 12]], drawn(5, others)[:, [0, 1, 3]])
    np.testing.assert_array_equal(drawn(5, IMAGES, 70), drawn(5, IMAGES, 400)[:70])
    assert not np.array_equal(drawn(5, IMAGES), drawn(6, IMAGES))


def test_no_resample_is_empty_and_weights_sum_to_one():
    one = drawn(1, np.array([8]), 50)
    assert one.min() == 1
    weights = resampling.weights(2, np.array([4, 9, 11]), 200)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    counts = drawn(2, np.array([4, 9, 11]), 200)
    np.testing.assert_allclose(weights * counts.sum(axis=1, keepdims=True), counts)


def test_counts_are_remembered_but_not_those_that_were_handed_out():
    first = drawn(11, IMAGES[::2])
    expected = first.copy()
    first[:] = 9
    np.testing.assert_array_equal(drawn(11, IMAGES[::-1])[:, ::-1][:, ::2], expected)
    repeated = np.append(IMAGES[::2], 4)
    np.testing.assert_array_equal(drawn(11, repeated), np.column_stack([expected, expected[:, 2]]))


def test_a_mean_is_that_of_the_drawn_values():
    values = np.random.default_rng(0).normal(size=60)
    found = resampling.means(9, IMAGES[:60], values, 130)
    for number, row in enumerate(drawn(9, IMAGES[:60], 130)):
        assert found[number] == pytest.approx(np.mean(np.repeat(values, row)), abs=1e-14)


def test_images_without_ids_are_all_different():
    first, second = resampling.numbered(np.zeros(3), np.zeros(2))
    assert (first.tolist(), second.tolist()) == ([0, 1, 2], [3, 4])
