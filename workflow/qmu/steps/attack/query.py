"""Step `query`: what a model answers on transformed copies of the rows, for label-only attacks.

One job asks one group of variants of one model for all seeds, and shadow model 0, which calibrates.
That is the same for all variants of a model: the target's job asks it, the others take its answers
over.
The transformations are the attack's own (``attack.copies``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qmu import registry
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.specs.attack import Query
from qmu.steps.frame.job import Job
from qmu.steps.io.parameters import read_fleet_parameters, read_parameters
from qmu.steps.io.samples import read_pool
from qmu.steps.io.writer import Writer
from qmu.tables import parquet


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool`` and the ``parameters`` of all variants and seeds; either ``fleet_parameters``
    of the first shadow models, or the table ``queries`` in which they were asked already."""

    pool: str
    parameters: list[str]
    shadow: str | list[str]
    asked: str | list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``queries``."""

    queries: str


def run(inputs: Inputs, outputs: Outputs, spec: Query, job: Job) -> None:
    """Write, per seed and row, whether each copy was named rightly."""
    everything = parquet.read(inputs.pool, "pool", experiment=spec.experiment)
    pool = read_pool(inputs.pool, spec.experiment)
    model = models.build(**dict(spec.model))
    keys = [(variant, seed) for variant in spec.variants for seed in spec.seeds]
    asked: dict[tuple[str, int | None], Mapping[str, np.ndarray]] = {
        key: read_parameters(path, spec.experiment)
        for key, path in zip(keys, inputs.parameters, strict=True)
    }
    if not inputs.asked:
        shadow = read_fleet_parameters(inputs.shadow, spec.experiment)[0]
        asked[spec.variants[0], None] = shadow
    job.clock.watch_compilation()
    job.clock.ready()
    attack = registry.load("attacks", spec.attack.component)
    config = attack.Config(**spec.attack.settings)
    names = (spec.root_seed, "queries", spec.attack.component)
    reads = models.reads_of(model.module, model.config)
    copies = [model.inputs(copy) for copy in attack.copies(everything, pool, reads, config, names)]
    rows: dict[str, list] = {"variant": [], "seed": [], "sample_id": [], "right": []}
    for (variant, seed), parameters in asked.items():
        right = _right(model, parameters, copies, pool["label"])
        job.report(f"{variant}, seed {seed}: {len(copies)} copies of {len(right)} rows")
        rows["variant"] += [variant] * len(right)
        rows["seed"] += [seed] * len(right)
        rows["sample_id"].append(pool["sample_id"])
        rows["right"].append(right)
    if inputs.asked:
        known = parquet.read(inputs.asked, "queries", experiment=spec.experiment)
        _take_over(known, rows, spec.variants[0])
    columns = {name: np.concatenate(rows[name]) for name in ("sample_id", "right")}
    named = {name: rows[name] for name in ("variant", "seed")}
    Writer(spec)(outputs.queries, "queries", named | columns)


def _right(
    model: models.Model,
    parameters: Mapping[str, np.ndarray],
    copies: list[np.ndarray],
    label: np.ndarray,
) -> np.ndarray:
    """(n, copies) uint8: whether a copy of a row is named rightly."""
    values = model.convert(parameters)
    answers = [evaluate(model, values, rows)["logits"].argmax(axis=-1) for rows in copies]
    return np.stack([answer == label for answer in answers], axis=1).astype(np.uint8)


def _take_over(known: Mapping[str, np.ndarray], rows: dict[str, list], variant: str) -> None:
    """Append the shadow model's answers from the table of another group."""
    calibrating = np.array([seed is None for seed in known["seed"].tolist()])
    rows["seed"] += [None] * int(calibrating.sum())
    rows["variant"] += [variant] * int(calibrating.sum())
    for name in ("sample_id", "right"):
        rows[name].append(known[name][calibrating])
