"""Writes the tables that several steps share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import tables


class Writer:
    """Writes tables with the experiment and the code digest of a job's spec."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.stamp = {"experiment": spec["experiment"], "code_digest": spec["code_digest"]}

    def __call__(self, path: str, kind: str, columns: Mapping[str, object]) -> None:
        tables.write(path, kind, columns, **self.stamp)


def parameter_columns(parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A parameter dict as the columns name, shape, values (row-major)."""
    arrays = {name: np.asarray(value, np.float64) for name, value in sorted(parameters.items())}
    return {
        "name": list(arrays),
        "shape": [np.array(array.shape, np.int64) for array in arrays.values()],
        "values": [array.reshape(-1) for array in arrays.values()],
    }


def parameters_from(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inverse of `parameter_columns`."""
    rows = zip(columns["name"], columns["shape"], columns["values"], strict=True)
    return {str(name): values.reshape(tuple(shape)) for name, shape, values in rows}
