"""Reads the pool and one seed's samples into the arrays that the other steps use."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from qmu.errors import QmuError
from qmu.forget.scenario import Marked
from qmu.tables import parquet


@dataclass(frozen=True)
class Asked(Marked):
    """What is to be forgotten, and of it the rows (n,) bool that ``earlier`` requests asked for."""

    earlier: np.ndarray = field(kw_only=True)

    @property
    def present(self) -> np.ndarray:
        """Rows (n,) bool of the request that is served now."""
        return self.rows & ~self.earlier


@dataclass(frozen=True)
class SeedData:
    """The pool in its fixed order with this seed's splits; all arrays have one row per image."""

    pool: dict[str, np.ndarray]
    sample_id: np.ndarray
    label: np.ndarray
    split: np.ndarray
    forget: np.ndarray
    earlier: np.ndarray

    @property
    def parts(self) -> np.ndarray:
        """Part of every row, ``train`` of ``forget_train``."""
        return np.array([name.rpartition("_")[2] for name in self.split], dtype=object)

    @property
    def present(self) -> np.ndarray:
        """Rows of the request that is served now: the others of the forget set are gone."""
        return self.forget & ~self.earlier

    def positions(self, *splits: str) -> np.ndarray:
        """Pool positions of the named splits, ascending."""
        return np.flatnonzero(np.isin(self.split, splits))

    def sample_columns(self) -> dict[str, np.ndarray]:
        """The columns that every per-sample table starts with."""
        names = ("sample_id", "label", "split", "forget")
        return {name: getattr(self, name) for name in names}


def read_pool(path: str, experiment: str) -> dict[str, np.ndarray]:
    """The rows of the pool table that models may be trained on."""
    table = parquet.read(path, "pool", experiment=experiment)
    rows = table["role"] == "pool"
    return {name: column[rows] for name, column in table.items()}


def read_request(path: str, pool: dict[str, np.ndarray], experiment: str) -> Asked:
    """What is to be forgotten, checked against the pool's order."""
    table = parquet.read(path, "request", experiment=experiment)
    _check_rows(path, table["sample_id"], pool["sample_id"])
    return Asked(table["forget"], table.get("requested"), earlier=_earlier(table))


def read(pool_path: str, samples_path: str, experiment: str) -> SeedData:
    """Pool and samples, checked against each other."""
    pool = read_pool(pool_path, experiment)
    samples = parquet.read(samples_path, "samples", experiment=experiment)
    _check_rows(samples_path, samples["sample_id"], pool["sample_id"])
    columns = (samples[name] for name in ("sample_id", "label", "split", "forget"))
    return SeedData(pool, *columns, _earlier(samples))


def _earlier(table: dict[str, np.ndarray]) -> np.ndarray:
    """Rows (n,) bool that requests before this one asked for; none where it stands alone."""
    return table.get("earlier", np.zeros(len(table["forget"]), bool))


def _check_rows(path: str, ids: np.ndarray, expected: np.ndarray) -> None:
    if not np.array_equal(ids, expected):
        raise QmuError(f"{path}: column 'sample_id' does not match the pool's; remove it and rerun")
