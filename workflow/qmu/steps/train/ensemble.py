"""Step `ensemble`: further retrained models of one seed, the floor of every distance."""

from __future__ import annotations

from dataclasses import dataclass

from qmu.models import model as models
from qmu.specs.train import Ensemble
from qmu.steps.frame.job import Job
from qmu.steps.io import samples

from .fleet import FleetFiles, train_fleet, write_fleet


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool`` and ``samples``."""

    pool: str
    samples: str


def run(inputs: Inputs, outputs: FleetFiles, spec: Ensemble, job: Job) -> None:
    """Train the models ``spec.indices`` on the seed's retained rows and write their tables."""
    model = models.build(**dict(spec.model))
    data = samples.read(inputs.pool, inputs.samples, spec.experiment)
    retain = data.positions("retain_train")
    job.clock.watch_compilation()
    job.clock.ready()
    names = (spec.root_seed, "retrain_ensemble", spec.name, spec.seed)
    trained = train_fleet(model, data.pool, spec, lambda index: retain, names, job.report)
    job.clock.stop()
    write_fleet(outputs, spec, model, data.pool, trained, job.clock.columns())
