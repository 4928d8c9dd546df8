"""Parameters as the rows of a table and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qmu.tables import parquet


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


def read_fleet_parameters(path: str, experiment: str) -> dict[int, dict[str, np.ndarray]]:
    """Model index -> parameters."""
    table = parquet.read(path, "fleet_parameters", experiment=experiment)
    models: dict[int, dict[str, np.ndarray]] = {}
    columns = (table[name] for name in ("model_index", "name", "shape", "values"))
    for index, name, shape, values in zip(*columns, strict=True):
        models.setdefault(int(index), {})[str(name)] = values.reshape(tuple(shape))
    return models


def read_parameters(path: str, experiment: str) -> dict[str, np.ndarray]:
    """The parameters of one model, or of fitted attacks."""
    return parameters_from(parquet.read(path, "parameters", experiment=experiment))
