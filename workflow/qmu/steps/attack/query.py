"""Step `query`: what a model answers on transformed copies of the rows, for label-only attacks.

One job asks one group of variants of one model for all seeds, and shadow model 0, which calibrates.
That is the same for all variants of a model: the target's job asks it, the others take its answers
over.
The transformations are the attack's own (``attack.copies``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qmu import registry
from qmu.models import model as models
from qmu.models.outputs import evaluate, evaluate_head
from qmu.specs.attack import Query
from qmu.steps.frame.job import Job
from qmu.steps.io.parameters import read_fleet_parameters, read_parameters
from qmu.steps.io.samples import read_pool
from qmu.steps.io.writer import Writer
from qmu.tables import parquet

Key = tuple[str, int | None]
"""Variant and seed; no seed: the shadow model."""


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
    asked: dict[Key, Mapping[str, np.ndarray]] = {
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
    for (variant, seed), right in right_answers(model, asked, copies, pool["label"]).items():
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


def right_answers(
    model: models.Model,
    asked: Mapping[Key, Mapping[str, np.ndarray]],
    copies: Sequence[np.ndarray],
    label: np.ndarray,
) -> dict[Key, np.ndarray]:
    """Key -> (n, c) uint8: whether each of c copies of a row is named rightly, by the models of
    which ``asked`` gives the parameters, in their order.

    Models that differ in their head alone are simulated once: edits of one retrained model mostly
    do.
    """
    alike: dict[tuple, list[Key]] = {}
    for key, parameters in asked.items():
        alike.setdefault(_before_head(parameters), []).append(key)
    converted = {key: model.convert(parameters) for key, parameters in asked.items()}
    right: dict[Key, list[np.ndarray]] = {key: [] for key in asked}
    for rows in copies:
        for keys in alike.values():
            values = evaluate(model, converted[keys[0]], rows)["expectation_values"]
            for key in keys:
                logits = evaluate_head(model, converted[key], values)["logits"]
                right[key].append(logits.argmax(axis=-1) == label)
    return {key: np.stack(answers, axis=1).astype(np.uint8) for key, answers in right.items()}


def _before_head(parameters: Mapping[str, np.ndarray]) -> tuple[tuple[str, bytes], ...]:
    """All but the head, to the last bit."""
    body = {name: value for name, value in parameters.items() if not name.startswith("head/")}
    return tuple((name, np.ascontiguousarray(body[name]).tobytes()) for name in sorted(body))


def _take_over(known: Mapping[str, np.ndarray], rows: dict[str, list], variant: str) -> None:
    """Append the shadow model's answers from the table of another group."""
    calibrating = np.array([seed is None for seed in known["seed"].tolist()])
    rows["seed"] += [None] * int(calibrating.sum())
    rows["variant"] += [variant] * int(calibrating.sum())
    for name in ("sample_id", "right"):
        rows[name].append(known[name][calibrating])
