"""`blobs`: four clouds of points in six dimensions, no images.

Source: drawn here, the same for everybody; a recipe of this project.
"""

import numpy as np
from qmu.data.dataset import Dataset, Description
from qmu.seeds import generator
from qmu.strict import Strict

CLASSES, WIDTH = 4, 6


class Config(Strict):
    """``rows``: how many points."""

    rows: int = 600


def describe(config: Config) -> Description:
    """Four classes of six features."""
    return Description(CLASSES, config.rows, "features", (WIDTH,))


def load(config: Config) -> Dataset:
    """All points."""
    rng = generator("blobs")
    labels = rng.integers(0, CLASSES, config.rows)
    centres = 2.0 * rng.normal(size=(CLASSES, WIDTH))
    points = centres[labels] + rng.normal(size=(config.rows, WIDTH))
    return Dataset(points, labels, np.ones(config.rows, bool))
