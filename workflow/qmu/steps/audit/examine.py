"""Step `examine`: every measure of unlearning quality on one group of variants of one model."""

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
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.views import read_blocks
from qmu.tables import parquet
from qmu.variants import group, number_of

FLEETS = ("shadows", "unlearned", "retrained")
OUTPUTS = ("expectation_values", "logits", "probabilities")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``; of every seed ``samples``, and ``outputs`` (with ``parameters``, of models
    that were made here) of the audited models, variant by variant, the original, the retrained and
    the further retrained ones, model by model; where a measure asks for them, ``fleet_outputs`` of
    shadow models."""

    pool: str
    samples: list[str]
    outputs: list[str]
    original_outputs: list[str]
    retrain_outputs: list[str]
    further_outputs: list[str]
    parameters: Sequence[str] = ()
    original: Sequence[str] = ()
    retrain: Sequence[str] = ()
    further: Sequence[str] = ()
    shadows: Sequence[str] = ()
    unlearned: Sequence[str] = ()
    retrained: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``measurements``."""

    quality: str


def run(inputs: Inputs, outputs: Outputs, spec: Examine, job: Job) -> None:
    """Write what all measures say, of single seeds and over seeds."""
    model = None if spec.model is None else models.build(**dict(spec.model))
    seeds = [_Seed(number, seed, model, inputs, spec) for number, seed in enumerate(spec.seeds)]
    fleets = {
        kind: read_blocks(files, spec.experiment, spec.loss, spec.indices)
        for kind in FLEETS
        if (files := getattr(inputs, kind))
    }
    job.clock.watch_compilation()
    job.clock.ready()
    measurements: list[Measurement] = []
    for variant in spec.variants:
        exams = tuple(seed.exam(variant) for seed in seeds)
        for name, entry in spec.quality.items():
            module = registry.load("quality", entry.component)
            if module.CARD.quantum and model.circuit is None:
                job.report(f"{name}: left out, the model has no circuit")
                continue
            if module.CARD.fleets and not has_shadows(variant):
                continue
            job.report(f"{variant}: {name}")
            handed = fleets if module.CARD.fleets else {}
            exam = Exam(
                name=spec.name,
                variant=variant,
                device=spec.device,
                model=model,
                seeds=exams,
                settings=resampling(spec),
                **{kind: handed.get(kind) for kind in FLEETS},
            )
            measurements += module.measure(exam, module.Config(**entry.settings))
    write_measurements(outputs.quality, spec, measurements)


def has_shadows(variant: str) -> bool:
    """Whether shadow models went through the same: a measure of fleets speaks of a method, not of a
    single retrained model."""
    return group(variant) == variant


class _Seed:
    """One seed's tables; those that all variants share are read once."""

    def __init__(
        self, number: int, seed: int, model: models.Model | None, inputs: Inputs, spec: Examine
    ) -> None:
        self.number, self.seed, self.model = number, seed, model
        self.inputs, self.spec = inputs, spec
        self.data = samples.read(inputs.pool, inputs.samples[number], spec.experiment)
        nothing = np.empty((len(self.data.label), 0))
        self.rows = nothing if model is None else model.inputs(self.data.pool)
        self.shared = {
            "original": self._parameters(inputs.original),
            "retrain": self._parameters(inputs.retrain),
            "original_outputs": self._answers(inputs.original_outputs),
            "retrain_outputs": self._answers(inputs.retrain_outputs),
        }
        places = range(len(inputs.further_outputs) // len(spec.seeds))
        self.further = [self._parameters(inputs.further, place) for place in places]
        like = self.shared["retrain_outputs"]["logits"]
        found = [self._answers(inputs.further_outputs, place)["logits"] for place in places]
        self.logits = np.array(found, like.dtype).reshape(len(places), *like.shape)

    def exam(self, variant: str) -> SeedExam:
        """What a measure sees of one variant: a model that is retrained itself, or was edited from
        one, is compared with the others."""
        place, own = self.spec.variants.index(variant), number_of(variant)
        others = [place for place in range(len(self.further)) if place + 1 != own]
        return SeedExam(
            seed=self.seed,
            inputs=self.rows,
            label=self.data.label,
            split=self.data.split,
            forget=self.data.forget,
            parameters=self._parameters(self.inputs.parameters, place),
            ensemble=tuple(self.further[other] for other in others),
            outputs=self._answers(self.inputs.outputs, place),
            ensemble_logits=self.logits[np.array(others, int)],
            **self.shared,
        )

    def _parameters(self, files: Sequence[str], place: int = 0) -> models.Parameters:
        if self.model is None:
            return {}
        return self.model.convert(read_parameters(self._file(files, place), self.spec.experiment))

    def _answers(self, files: Sequence[str], place: int = 0) -> dict[str, np.ndarray]:
        file = self._file(files, place)
        table = parquet.read(file, "outputs", experiment=self.spec.experiment)
        return {name: table[name] for name in OUTPUTS if name in table}

    def _file(self, files: Sequence[str], place: int) -> str:
        return files[place * len(self.spec.seeds) + self.number]
