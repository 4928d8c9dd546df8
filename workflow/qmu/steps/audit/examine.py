"""Step `examine`: every measure of unlearning quality on one variant of one model, all seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmu import registry
from qmu.audit.measurement import Measurement
from qmu.models import model as models
from qmu.quality.exam import Exam, SeedExam
from qmu.specs.audit import Examine
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.measurements import resampling, write_measurements
from qmu.steps.io.parameters import read_fleet_parameters, read_parameters
from qmu.steps.io.views import read_blocks
from qmu.tables import parquet

FLEETS = ("shadows", "unlearned", "retrained")
OUTPUTS = ("expectation_values", "logits", "probabilities")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``; of every seed ``samples``, and ``parameters`` and ``outputs`` of the audited,
    the original and the retrained models and of the ensemble; where a measure asks for them,
    ``fleet_outputs`` of shadow models."""

    pool: str
    samples: list[str]
    parameters: list[str]
    original: list[str]
    retrain: list[str]
    outputs: list[str]
    original_outputs: list[str]
    retrain_outputs: list[str]
    ensemble: list[str]
    ensemble_outputs: list[str]
    shadows: Sequence[str] = ()
    unlearned: Sequence[str] = ()
    retrained: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``measurements``."""

    quality: str


def run(inputs: Inputs, outputs: Outputs, spec: Examine, job: Job) -> None:
    """Write what all measures say, of single seeds and over seeds."""
    model = models.build(**dict(spec.model))
    exams = tuple(
        _seed_exam(number, seed, model, inputs, spec.experiment)
        for number, seed in enumerate(spec.seeds)
    )
    fleets = {
        kind: read_blocks(files, spec.experiment, spec.loss, spec.indices)
        for kind in FLEETS
        if (files := getattr(inputs, kind))
    }
    job.clock.watch_compilation()
    job.clock.ready()
    measurements: list[Measurement] = []
    for name, entry in spec.quality.items():
        module = registry.load("quality", entry.component)
        if module.CARD.quantum and model.circuit is None:
            job.report(f"{name}: left out, the model has no circuit")
            continue
        job.report(name)
        handed = fleets if module.CARD.fleets else {}
        exam = Exam(
            name=spec.name,
            variant=spec.variant,
            device=spec.device,
            model=model,
            seeds=exams,
            settings=resampling(spec),
            **{kind: handed.get(kind) for kind in FLEETS},
        )
        measurements += module.measure(exam, module.Config(**entry.settings))
    write_measurements(outputs.quality, spec, measurements)


def _seed_exam(
    number: int, seed: int, model: models.Model, inputs: Inputs, experiment: str
) -> SeedExam:
    data = samples.read(inputs.pool, inputs.samples[number], experiment)

    def parameters(files: list[str]) -> models.Parameters:
        return model.convert(read_parameters(files[number], experiment))

    def answers(files: list[str]) -> dict[str, np.ndarray]:
        table = parquet.read(files[number], "outputs", experiment=experiment)
        return {name: table[name] for name in OUTPUTS}

    ensemble = read_fleet_parameters(inputs.ensemble[number], experiment)
    logits = parquet.read(inputs.ensemble_outputs[number], "fleet_outputs", experiment=experiment)
    shape = (len(ensemble), len(data.label), -1)
    return SeedExam(
        seed=seed,
        inputs=model.inputs(data.pool),
        label=data.label,
        split=data.split,
        forget=data.forget,
        parameters=parameters(inputs.parameters),
        original=parameters(inputs.original),
        retrain=parameters(inputs.retrain),
        ensemble=tuple(model.convert(ensemble[index]) for index in sorted(ensemble)),
        outputs=answers(inputs.outputs),
        original_outputs=answers(inputs.original_outputs),
        retrain_outputs=answers(inputs.retrain_outputs),
        ensemble_logits=logits["logits"].astype(np.float64).reshape(shape),
    )
