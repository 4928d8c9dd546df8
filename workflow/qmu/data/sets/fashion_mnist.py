"""All 70,000 Fashion-MNIST images of ten kinds of clothing, from local files.

Source: Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms" (arXiv:1708.07747).
"""

from __future__ import annotations

from qmu.data import idx
from qmu.data.dataset import IMAGE_SHAPE, Dataset, Description
from qmu.strict import Strict

SIZE = 70_000
LABELS = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


class Config(Strict):
    """``path``: a folder of the four IDX files (plain or .gz) or an npz file; by default where
    Debian's package dataset-fashion-mnist puts them."""

    path: str = "/usr/share/datasets/fashion-mnist"


def describe(config: Config) -> Description:
    """Ten kinds of clothing; 60,000 training and 10,000 test images."""
    return Description(10, SIZE, "image", IMAGE_SHAPE, split=True, labels=LABELS)


def load(config: Config) -> Dataset:
    """Training images first, then the test images; QmuError names the file at fault."""
    return idx.read(config.path)
