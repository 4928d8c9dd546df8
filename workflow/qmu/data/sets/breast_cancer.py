"""The 569 tumours that scikit-learn ships: thirty measurements of cell nuclei, malignant or benign.

Source: Street, Wolberg and Mangasarian 1993, "Nuclear feature extraction for breast tumor
diagnosis"; UCI Machine Learning Repository, "Breast Cancer Wisconsin (Diagnostic)".
"""

from __future__ import annotations

from qmu.data.bundled import rows_of
from qmu.data.dataset import Dataset, Description
from qmu.strict import Strict

LABELS = ("malignant", "benign")


class Config(Strict):
    """The table has no settings."""


def describe(config: Config) -> Description:
    """212 malignant and 357 benign tumours."""
    return Description(2, 569, "features", (30,), labels=LABELS)


def load(config: Config) -> Dataset:
    """All rows in the package's order."""
    from sklearn.datasets import load_breast_cancer

    return rows_of(load_breast_cancer())
