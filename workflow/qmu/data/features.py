"""Principal components of pixel values, the inputs of the amplitude-embedded models.

Su et al. 2025 (arXiv:2509.06086): pixels / 255, PCA to 256 components, transform of all images.
"""

from __future__ import annotations

import numpy as np

from qmu.errors import QmuError


def principal_components(pixels: np.ndarray, fit_on: np.ndarray, components: int) -> np.ndarray:
    """Project ``pixels`` (n, p) uint8 on the components of its rows ``fit_on`` (n,) bool.

    Returns (n, components) float64. The full SVD with a fixed sign convention makes the result
    independent of random state. Raises QmuError for a row whose projection is the zero vector.
    """
    from sklearn.decomposition import PCA

    scaled = pixels.astype(np.float64) / 255.0
    pca = PCA(n_components=components, svd_solver="full").fit(scaled[fit_on])
    features = pca.transform(scaled)
    zero = ~np.any(features != 0, axis=1)
    if zero.any():
        row = int(np.argmax(zero))
        raise QmuError(f"image {row} projects to the zero vector and cannot be embedded")
    return features
