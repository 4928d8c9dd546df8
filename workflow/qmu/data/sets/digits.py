"""The 1,797 handwritten digits of 8 x 8 pixels that scikit-learn ships: 64 numbers from 0 to 16.

Source: Alpaydin and Kaynak 1998, UCI Machine Learning Repository, "Optical Recognition of
Handwritten Digits", its test part.
"""

from __future__ import annotations

from qmu.data.bundled import rows_of
from qmu.data.dataset import Dataset, Description
from qmu.strict import Strict


class Config(Strict):
    """The table has no settings."""


def describe(config: Config) -> Description:
    """The digits 0 to 9; too small for models of 28 x 28 images, so a table of pixels."""
    return Description(10, 1797, "features", (64,))


def load(config: Config) -> Dataset:
    """All rows in the package's order."""
    from sklearn.datasets import load_digits

    return rows_of(load_digits())
