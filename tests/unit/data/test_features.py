"""Principal components and scales: scikit-learn's, fitted on the public rows and nothing else."""

import numpy as np
import pytest
from qmu.data.features import principal_components, scaled_by
from qmu.data.images import scaled
from qmu.errors import QmuError
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (60, 49), dtype=np.uint8)


PUBLIC = np.arange(60) % 3 == 0


def test_equals_scikit_learn_on_scaled_pixels(pixels):
    found = principal_components(scaled(pixels), PUBLIC, 8)
    pca = PCA(n_components=8, svd_solver="full").fit(pixels[PUBLIC] / 255.0)
    assert found.shape == (60, 8)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, pca.transform(pixels / 255.0))


def test_equals_the_singular_vectors_up_to_sign(pixels):
    found = principal_components(scaled(pixels), PUBLIC, 8)
    inputs = pixels / 255.0
    mean = inputs[PUBLIC].mean(axis=0)
    axes = np.linalg.svd(inputs[PUBLIC] - mean, full_matrices=False)[2][:8]
    np.testing.assert_allclose(np.abs(found), np.abs((inputs - mean) @ axes.T), atol=1e-10)


def test_another_pool_image_changes_no_other_row(pixels):
    before = principal_components(scaled(pixels), PUBLIC, 8)
    edited = pixels.copy()
    edited[1] = 255 - edited[1]
    after = principal_components(scaled(edited), PUBLIC, 8)
    rest = np.arange(60) != 1
    np.testing.assert_array_equal(before[rest], after[rest])
    assert not np.array_equal(before[1], after[1])


def test_a_public_image_changes_the_components(pixels):
    edited = pixels.copy()
    edited[0] = 255 - edited[0]
    before, after = (principal_components(scaled(p), PUBLIC, 8) for p in (pixels, edited))
    assert not np.allclose(before[1], after[1])


def test_as_many_components_as_public_images(pixels):
    assert principal_components(scaled(pixels), PUBLIC, 20).shape == (60, 20)


def test_a_zero_vector_is_refused_by_its_row():
    pixels = np.array([[0, 10], [20, 10], [10, 10], [5, 10]], dtype=np.uint8)
    fit_on = np.array([True, True, False, False])
    with pytest.raises(QmuError, match="row 2 projects to the zero vector"):
        principal_components(scaled(pixels), fit_on, 1)


@pytest.mark.parametrize(
    ("how", "scaler"),
    [("minmax", MinMaxScaler(clip=True)), ("standard", StandardScaler())],
)
def test_scales_equal_scikit_learn(rng, how, scaler):
    values = rng.normal(size=(60, 5)) * [1, 10, 1e3, 1e-3, 1]
    found = scaled_by(values, PUBLIC, how)
    expected = scaler.fit(values[PUBLIC]).transform(values)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert scaled_by(values, PUBLIC, "none") is values


def test_minmax_ends_at_the_public_rows_range():
    values = np.array([[0.0], [10.0], [-5.0], [20.0], [4.0]])
    found = scaled_by(values, np.arange(5) < 2, "minmax")
    assert found[:, 0].tolist() == [0.0, 1.0, 0.0, 1.0, 0.4]


@pytest.mark.parametrize("how", ["minmax", "standard"])
def test_a_column_that_no_public_row_varies_keeps_its_unit(how):
    values = np.array([[3.0], [3.0], [3.5], [4.0]])
    assert scaled_by(values, np.arange(4) < 2, how)[:, 0].tolist() == [0.0, 0.0, 0.5, 1.0]
