"""Principal components and scales, fitted on one part of the rows and applied to all.

Su et al. 2025 (arXiv:2509.06086): pixels / 255, PCA to 256 components, transform of all images.
"""

from __future__ import annotations

import numpy as np

from qmu.errors import QmuError


def principal_components(inputs: np.ndarray, fit_on: np.ndarray, components: int) -> np.ndarray:
    """Project ``inputs`` (n, p) float64 on the components of its rows ``fit_on`` (n,) bool.

    Returns (n, components) float64. The full SVD with a fixed sign convention makes the result
    independent of random state. Raises QmuError for a row whose projection is the zero vector.
    """
    from sklearn.decomposition import PCA

    pca = PCA(n_components=components, svd_solver="full").fit(inputs[fit_on])
    features = pca.transform(inputs)
    zero = ~np.any(features != 0, axis=1)
    if zero.any():
        row = int(np.argmax(zero))
        raise QmuError(f"row {row} projects to the zero vector and cannot be embedded")
    return features


def scaled_by(values: np.ndarray, fit_on: np.ndarray, how: str) -> np.ndarray:
    """Columns of ``values`` (n, p) float64 on a scale of the rows ``fit_on`` (n,) bool.

    ``minmax``: their range becomes [0, 1], and what lies beyond it the nearer end, because an angle
    beyond its range would come round to mean another value. ``standard``: mean 0 and standard
    deviation 1. ``none``: as they are. A column that is constant in ``fit_on`` keeps its unit.
    """
    fitted = values[fit_on]
    if how == "minmax":
        low = fitted.min(axis=0)
        return np.clip((values - low) / _or_one(fitted.max(axis=0) - low), 0.0, 1.0)
    if how == "standard":
        return (values - fitted.mean(axis=0)) / _or_one(fitted.std(axis=0))
    return values


def _or_one(size: np.ndarray) -> np.ndarray:
    return np.where(size > 0, size, 1.0)
