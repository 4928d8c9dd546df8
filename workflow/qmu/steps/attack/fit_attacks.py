"""Step `fit_attacks`: fit every attack that is fitted before the audit, once per model kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu import registry
from qmu.attacks import fitted
from qmu.attacks.game import Evidence, allowed
from qmu.specs.attack import FitAttacks
from qmu.steps.frame.job import Job
from qmu.steps.io.parameters import parameter_columns
from qmu.steps.io.views import read_shadows, view_of
from qmu.steps.io.writer import Writer
from qmu.tables import parquet


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``attack_data`` where there are shadow models, and ``outputs`` of the targets of all
    seeds."""

    data: str | list[str]
    outputs: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """All fitted attacks as a table ``parameters``."""

    fitted: str


def run(inputs: Inputs, outputs: Outputs, spec: FitAttacks, job: Job) -> None:
    """Write all fitted attacks into one table."""
    shadows = read_shadows(inputs.data, spec.experiment, spec.loss) if inputs.data else None
    views = [
        view_of(parquet.read(path, "outputs", experiment=spec.experiment), spec.loss)
        for path in inputs.outputs
    ]
    job.clock.watch_compilation()
    job.clock.ready()
    parameters: dict[str, np.ndarray] = {}
    for name, attack in spec.attacks.items():
        module = registry.load("attacks", attack.component)
        config = module.Config(**attack.settings)
        for owner, view in zip(fitted.owners(module.CARD, spec.seeds), views, strict=False):
            job.report(f"fitting {name}, {owner}")
            evidence = allowed(Evidence(view, view, shadows=shadows), module.CARD)
            names = (spec.root_seed, "attack", name, spec.name, owner)
            parameters |= fitted.named(owner, name, module.fit(evidence, config, names))
    Writer(spec)(outputs.fitted, "parameters", parameter_columns(parameters))
