"""The 178 wines of three growers that scikit-learn ships: thirteen chemical measurements.

Source: Aeberhard and Forina 1992, UCI Machine Learning Repository, "Wine".
"""

from __future__ import annotations

from qmu.data.bundled import rows_of
from qmu.data.dataset import Dataset, Description
from qmu.strict import Strict


class Config(Strict):
    """The table has no settings."""


def describe(config: Config) -> Description:
    """59, 71 and 48 wines of each grower."""
    return Description(3, 178, "features", (13,))


def load(config: Config) -> Dataset:
    """All rows in the package's order."""
    from sklearn.datasets import load_wine

    return rows_of(load_wine())
