"""Step `pool`: load the data, draw the public part, project and scale all by what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qmu import registry, seeds
from qmu.data import splits
from qmu.data.dataset import Dataset, Description, checked
from qmu.data.features import principal_components, scaled_by
from qmu.data.images import scaled
from qmu.forget.scenario import mark
from qmu.specs.base import Component
from qmu.specs.data import Pool
from qmu.steps.frame.job import Job
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Nothing: the data set knows its source."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``pool``."""

    pool: str


def run(inputs: Inputs, outputs: Outputs, spec: Pool, job: Job) -> None:
    """Write the public and the pool rows with their inputs and features."""
    module = registry.load("data", spec.dataset.component)
    config = module.Config(**spec.dataset.settings)
    job.clock.ready()
    promised = module.describe(config)
    data = checked(spec.dataset.component, promised, module.load(config))
    if promised.columns:
        job.report(f"features: {', '.join(promised.columns)}")
    placed = np.isin(np.arange(promised.rows), spec.reserved)
    if spec.forget is not None:
        placed |= _named(data, spec.forget)
    roles = splits.roles(spec.root_seed, promised.rows, spec.public, spec.pool, placed)
    rows = np.flatnonzero(roles != "spare")
    columns = {
        "sample_id": rows,
        "label": data.labels[rows],
        "role": roles[rows],
        **_inputs(data, promised, roles, rows, spec, job),
        **{name: values[rows] for name, values in data.names.items()},
    }
    if spec.forget is not None:
        columns |= _altered(columns, spec, spec.forget, promised.classes)
    Writer(spec)(outputs.pool, "pool", columns)
    job.report(f"{int((roles == 'pool').sum())} rows in the pool")


def _named(data: Dataset, forget: Component) -> np.ndarray:
    """Rows (n,) bool that the request names, which must come to the pool."""
    scenario = registry.load("forget", forget.component)
    if not scenario.CARD.named:
        return np.zeros(len(data.labels), bool)
    return scenario.rows(data.known, scenario.Config(**forget.settings))


def _altered(
    columns: Mapping[str, np.ndarray], spec: Pool, forget: Component, classes: int
) -> dict[str, np.ndarray]:
    """The columns that the request alters in rows of the pool, with the labels as they were."""
    scenario = registry.load("forget", forget.component)
    if not scenario.CARD.alters:
        return {}
    rows = np.flatnonzero(columns["role"] == "pool")
    pool = {name: column[rows] for name, column in columns.items()}
    marked = mark(forget.component, forget.settings, pool, spec.train, spec.root_seed)
    config = scenario.Config(**forget.settings)
    rng = seeds.generator(spec.root_seed, "alter", forget.component, *scenario.names(config))
    found = {"true_label": columns["label"]}
    for name, values in scenario.alter(pool, marked, config, classes, rng).items():
        found[name] = np.array(columns[name])
        found[name][rows] = values
    return found


def _inputs(
    data: Dataset, promised: Description, roles: np.ndarray, rows: np.ndarray, spec: Pool, job: Job
) -> dict[str, np.ndarray]:
    """What models read: pixels and their features, features, or the two parts of amplitudes."""
    if promised.kind == "states":
        return {"real": data.inputs.real[rows], "imaginary": data.inputs.imag[rows]}
    fit_on = roles == "public" if spec.fit_on == "public" else data.training
    job.report(f"{promised.rows} rows, features fitted on {int(fit_on.sum())} of them")
    # Rows that fit nothing and are not in the pool need no features.
    used = rows if spec.fit_on == "public" else np.arange(promised.rows)
    features, fit_on = data.inputs[used], fit_on[used]
    if promised.kind == "image":
        features = scaled(features)
    elif spec.components is not None:
        # Columns have units of their own, and the one with the largest numbers would decide.
        features = scaled_by(features, fit_on, "standard")
    if spec.components is not None:
        features = principal_components(features, fit_on, spec.components)
    features = scaled_by(features, fit_on, spec.scale)[np.isin(used, rows)]
    if promised.kind == "image":
        return {"image": data.inputs[rows], "features": features}
    return {"features": features}
