"""The 150 iris flowers of three species that scikit-learn ships: four lengths in centimetres.

Source: Fisher 1936, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7;
measured by Anderson.
"""

from __future__ import annotations

from qmu.data.bundled import rows_of
from qmu.data.dataset import Dataset, Description
from qmu.strict import Strict

LABELS = ("setosa", "versicolor", "virginica")


class Config(Strict):
    """The table has no settings."""


def describe(config: Config) -> Description:
    """50 flowers of each species."""
    return Description(3, 150, "features", (4,), labels=LABELS)


def load(config: Config) -> Dataset:
    """All rows in the package's order."""
    from sklearn.datasets import load_iris

    return rows_of(load_iris())
