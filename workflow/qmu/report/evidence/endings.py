"""How every method ended, seed by seed, from the tables ``cost``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ending:
    """``steps`` that are left in the result, whether any parameter ``changed``, and why the method
    ``stopped``."""

    model: str
    method: str
    seed: int
    steps: int
    changed: bool
    stopped: str


def index(
    tables: Mapping[tuple[str, int, str], Mapping[str, np.ndarray]],
) -> tuple[Ending, ...]:
    """One ending per table, keyed by (model, seed, variant); tables of models that no method made
    have none."""
    return tuple(
        Ending(
            *(model, variant, seed),
            *(int(table["steps"][0]), bool(table["changed"][0]), str(table["stopped"][0])),
        )
        for (model, seed, variant), table in tables.items()
        if "stopped" in table
    )
