"""Step `join_sweep`: the sweeps of all models and variants in one table."""

from __future__ import annotations

import numpy as np

from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the rows of all files in their order; what is over seeds comes first in each."""
    clock.ready()
    read = [tables.read(file, "sweep", experiment=spec["experiment"]) for file in inputs["sweeps"]]
    columns = {name: np.concatenate([table[name] for table in read]) for name in read[0]}
    Writer(spec)(outputs["sweep"], "sweep", columns)
    report(f"{len(columns['value'])} rows of {len(read)} sweeps")
