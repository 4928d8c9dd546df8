"""Step `evaluate_on`: one variant's outputs on a simulated device, all seeds."""

from __future__ import annotations

from dataclasses import dataclass

from qmu import seeds
from qmu.devices.execution import Execution
from qmu.devices.kinds import simulated
from qmu.models import model as models
from qmu.models.outputs import evaluate, evaluate_head
from qmu.specs.devices import EvaluateOn
from qmu.steps.frame.job import Job
from qmu.steps.io import samples as seed_data
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``; ``samples`` and ``parameters`` of every seed."""

    pool: str
    samples: list[str]
    parameters: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Tables ``outputs`` of every seed."""

    outputs: list[str]


def run(inputs: Inputs, outputs: Outputs, spec: EvaluateOn, job: Job) -> None:
    """Write one table of kind ``outputs`` per seed, on every image of the pool."""
    setting = simulated.Config(**spec.settings)
    exact = setting.noise is None and setting.shots is None
    device = setting.device if exact else spec.model.device
    model = models.build(**(dict(spec.model) | {"device": device}), circuit=exact)
    job.clock.watch_compilation()
    job.clock.ready()
    write = Writer(spec)
    files = zip(spec.seeds, inputs.samples, inputs.parameters, outputs.outputs, strict=True)
    for seed, samples, file, path in files:
        data = seed_data.read(inputs.pool, samples, spec.experiment)
        stored = read_parameters(file, spec.experiment)
        parameters = model.convert(stored)
        rows = model.inputs(data.pool)
        if exact:
            evaluated = evaluate(model, parameters, rows)
        else:
            names = (spec.root_seed, "shots", spec.device, spec.name, seed)
            rng = seeds.generator(*names, spec.variant)
            evaluated = evaluate_head(
                model, parameters, _values(model, setting, parameters, rows, rng)
            )
        write(path, "outputs", {**data.sample_columns(), **evaluated})
        hits = evaluated["logits"].argmax(axis=-1) == data.label
        job.report(f"seed {seed}: accuracy on {len(hits)} images {hits.mean():.3f}")


def _values(model, setting, parameters, rows, rng):
    execution = Execution(model, setting.noise)
    if setting.shots is None:
        return execution.expectations(parameters, rows)
    return execution.sampled(parameters, rows, setting.shots, rng)
