"""Step `further`: more models of one seed, retrained without the forget set or with a part of it.

Without any of it they are the spread of retraining, and the floor of every distance. With a known
part of it they are the ladder: what an audit says of them shows how small a residue it sees. The
larger of two parts holds the smaller one, so that residues differ in what is added alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu import seeds
from qmu.models import federation
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.models.training import evaluations
from qmu.specs.train import Further
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.variant import ManyFiles, VariantFiles, write_variant
from qmu.unlearning.ledger import Ledger

from .fleet import train_fleet


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool`` and ``samples``."""

    pool: str
    samples: str


def run(inputs: Inputs, outputs: ManyFiles, spec: Further, job: Job) -> None:
    """Train the models on the seed's retained rows and what each keeps, and write their tables, in
    the order of the spec's ``kept``."""
    model = models.build(**dict(spec.model))
    data = samples.read(inputs.pool, inputs.samples, spec.experiment)
    names = (spec.root_seed, spec.role, spec.name, spec.seed)
    kept = {v: left_in(data, percent, names) for v, percent in spec.kept.items()}
    retain, variants = data.positions("retain_train"), list(kept)
    members = {v: np.sort(np.concatenate([retain, rows])) for v, rows in kept.items()}
    job.clock.watch_compilation()
    job.clock.ready()
    trained = train_fleet(
        model, data.pool, spec, lambda index: members[variants[index]], names, job.report
    )
    rows, clients = model.inputs(data.pool), federation.clients(model.config.training, data.pool)
    seconds = _shared(job.clock.lap(), len(variants))
    for number, variant in enumerate(variants):
        one = trained[number]
        paid = evaluations(model, members[variant], clients)
        write_variant(
            VariantFiles.of_many(outputs, number),
            spec,
            one.parameters,
            history=one.history,
            outputs=data.sample_columns()
            | evaluate(model, model.convert(one.parameters), rows)
            | {"kept": np.isin(np.arange(len(data.label)), kept[variant])},
            cost=Ledger(**paid).columns(model.circuit_parameters),
            timing=seconds,
        )
    job.clock.stop()


def left_in(data: samples.SeedData, percent: float, names: tuple[Any, ...]) -> np.ndarray:
    """Pool positions of the forget set's share that stays, ascending; one row at the least of a
    share above nothing."""
    forget = data.positions("forget_train")
    count = max(round(percent / 100 * len(forget)), 1) if percent else 0
    return np.sort(seeds.generator(*names, "kept").permutation(forget)[:count])


def _shared(timing: dict[str, list[float]], models: int) -> dict[str, list[float]]:
    """Each model's part of the seconds that all of them took together."""
    return {name: [values[0] / models] for name, values in timing.items()}
