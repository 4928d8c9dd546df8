"""Step `request`: which rows of the pool are to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from qmu import registry, seeds
from qmu.forget.scenario import checked
from qmu.specs.data import Request
from qmu.steps.frame.job import Job
from qmu.steps.io.samples import read_pool
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``."""

    pool: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``request``."""

    request: str


def run(inputs: Inputs, outputs: Outputs, spec: Request, job: Job) -> None:
    """Write the scenario's mask in the pool's order."""
    pool = read_pool(inputs.pool, spec.experiment)
    job.clock.ready()
    name = spec.forget.component
    scenario = registry.load("forget", name)
    config = scenario.Config(**spec.forget.settings)
    rng = seeds.generator(spec.root_seed, "forget", name, *scenario.names(config))
    forget = checked(name, scenario.mask(pool, config, rng), len(pool["label"]))
    columns = {"sample_id": pool["sample_id"], "forget": forget}
    Writer(spec)(outputs.request, "request", columns)
    job.report(f"{int(forget.sum())} of {len(forget)} rows are to be forgotten")
