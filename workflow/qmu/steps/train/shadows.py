"""Step `shadows`: one block of shadow models, each on its own random part of the pool.

Shadow models of the variant ``retrain`` have the members of the target's, without the forget set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.data import splits
from qmu.models import model as models
from qmu.specs.train import Shadows
from qmu.steps.frame.job import Job
from qmu.steps.io.samples import read_pool, read_request

from .fleet import FleetFiles, train_fleet, write_fleet


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``, and ``request`` where its rows are left out."""

    pool: str
    request: str | list[str]


def run(inputs: Inputs, outputs: FleetFiles, spec: Shadows, job: Job) -> None:
    """Train the models ``spec.indices`` and write one block of fleet tables."""
    model = models.build(**dict(spec.model))
    pool = read_pool(inputs.pool, spec.experiment)
    left_out = np.zeros(len(pool["label"]), bool)
    if inputs.request:
        left_out = read_request(inputs.request, pool, spec.experiment).rows

    def members(index: int) -> np.ndarray:
        """Pool positions of one model, ascending."""
        drawn = splits.fleet_members(spec.root_seed, "shadow", index, len(left_out), spec.members)
        return drawn[~left_out[drawn]]

    job.clock.watch_compilation()
    job.clock.ready()
    names = (spec.root_seed, "shadow", spec.name, *spec.without)
    trained = train_fleet(model, pool, spec, members, names, job.report)
    job.clock.stop()
    write_fleet(outputs, spec, model, pool, trained, job.clock.columns())
