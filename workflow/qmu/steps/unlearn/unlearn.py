"""Step `unlearn`: one unlearning method on the trained targets of all seeds.

One job takes all seeds: a method takes seconds, and starting a process and compiling its programs
would take as long again for every seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.forget.scenario import whole_classes
from qmu.models import model as models
from qmu.models.outputs import evaluate, evaluate_head
from qmu.specs.unlearn import Unlearn
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.variant import VariantFiles, write_variant
from qmu.tables import parquet
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import Data, Outcome, problem_of

SPLITS = {"forget": "forget_train", "retain": "retain_train", "validation": "retain_validation"}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``; tables ``samples``, and ``parameters`` and ``outputs`` of the target, of
    every seed."""

    pool: str
    samples: list[str]
    parameters: list[str]
    outputs: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The tables of the unlearned models, of every seed."""

    parameters: list[str]
    history: list[str]
    outputs: list[str]
    cost: list[str]
    timing: list[str]


def run(inputs: Inputs, outputs: Outputs, spec: Unlearn, job: Job) -> None:
    """Hand the method what its card asks for and write the unlearned models' tables."""
    method = load_method(spec.method.component)
    config = method.Config(**spec.method.settings)
    model = models.build(**dict(spec.model), circuit=not method.CARD.head_only)
    job.clock.watch_compilation()
    job.clock.ready()
    for number, seed in enumerate(spec.seeds):
        job.report(f"seed {seed}")
        data = samples.read(inputs.pool, inputs.samples[number], spec.experiment)
        target = read_parameters(inputs.parameters[number], spec.experiment)
        rows = model.inputs(data.pool)
        job.clock.restart()
        problem = problem_of(
            spec.method.component,
            method.CARD,
            model=model,
            parameters=target,
            pool=Data(rows, data.label),
            positions={part: data.positions(split) for part, split in SPLITS.items()},
            classes=whole_classes(data.label, data.forget),
            names=(spec.root_seed, "unlearning", spec.variant, spec.name, seed),
            report=job.report,
        )
        outcome = method.unlearn(problem, config)
        job.clock.stop()
        outcome = checked(outcome, problem, spec.variant, method.CARD)
        job.report(f"stopped: {outcome.stopped}")
        write_variant(
            VariantFiles.of_seed(outputs, number),
            spec,
            outcome.parameters,
            history=outcome.history,
            outputs=data.sample_columns()
            | _evaluated(method.CARD.head_only, model, outcome, rows, inputs, number, spec),
            cost=problem.ledger.columns(model.circuit_parameters),
            timing=job.clock.columns(),
        )


def _evaluated(
    head_only: bool,
    model: models.Model,
    outcome: Outcome,
    rows: np.ndarray,
    inputs: Inputs,
    number: int,
    spec: Unlearn,
) -> dict[str, np.ndarray]:
    """The outputs on every pool row; a method that changes the head alone runs no circuit."""
    if not head_only:
        return evaluate(model, outcome.parameters, rows)
    target = parquet.read(inputs.outputs[number], "outputs", experiment=spec.experiment)
    return evaluate_head(model, outcome.parameters, target["expectation_values"])
