"""Writes tables with the experiment and the code digest of a job's spec."""

from __future__ import annotations

from collections.abc import Mapping

from qmu.specs.base import Spec
from qmu.tables import parquet


class Writer:
    """``writer(path, kind, columns)`` writes a stamped table."""

    def __init__(self, spec: Spec) -> None:
        self.stamp = {"experiment": spec.experiment, "code_digest": spec.code_digest}

    def __call__(self, path: str, kind: str, columns: Mapping[str, object]) -> None:
        parquet.write(path, kind, columns, **self.stamp)
