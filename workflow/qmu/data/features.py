"""Principal components, the inputs of the amplitude-embedded models.

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
