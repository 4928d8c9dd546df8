"""Step `measure`: the measurements of one variant of one model from its outputs and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qmu import losses
from qmu.attacks.fitted import by_attack
from qmu.audit import device
from qmu.audit.measure import answers, measure
from qmu.audit.measurement import Measurement, Reference, Resampling, Subject
from qmu.audit.roc import roc_rows
from qmu.specs.audit import Measure
from qmu.steps.frame.job import Job
from qmu.steps.io.measurements import resampling, write_measurements
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer
from qmu.tables import parquet
from qmu.tables.schemas import SCHEMAS

Table = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables of all seeds. In the simulation: what making the models cost, what retraining cost,
    and the retrain ensembles. On a further device instead ``ideal``: the simulation's outputs."""

    fitted: str
    scores: str
    outputs: list[str]
    cost: Sequence[str] = ()
    timing: Sequence[str] = ()
    retrain_cost: Sequence[str] = ()
    retrain_timing: Sequence[str] = ()
    ensemble: Sequence[str] = ()
    ideal: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Tables ``measurements`` and ``roc``."""

    measurements: str
    roc: str


def run(inputs: Inputs, outputs: Outputs, spec: Measure, job: Job) -> None:
    """Write the measurements with their intervals, and the ROC curves."""
    settings = resampling(spec)
    job.clock.ready()
    scores = parquet.read(inputs.scores, "scores", experiment=spec.experiment)
    populations = _populations(inputs.fitted, spec.experiment)
    measurements: list[Measurement] = []
    for number, seed in enumerate(spec.seeds):
        job.report(f"seed {seed}")
        own = scores["seed"] == seed
        measurements += _of_seed(
            Subject(spec.name, seed, spec.variant, spec.device),
            {name: column[own] for name, column in scores.items()},
            populations.get(str(seed), {}),
            settings,
            _Reader(inputs, number, spec.experiment),
        )
    write_measurements(outputs.measurements, spec, measurements)
    rows = roc_rows(scores, spec.name, spec.variant, settings)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["roc"]}
    Writer(spec)(outputs.roc, "roc", columns)
    job.report(f"{len(measurements)} measurements")


@dataclass(frozen=True)
class _Reader:
    """Reads one seed's tables by the name of the input."""

    inputs: Inputs
    number: int
    experiment: str

    def __call__(self, name: str, kind: str) -> dict[str, np.ndarray]:
        file = getattr(self.inputs, name)[self.number]
        return parquet.read(file, kind, experiment=self.experiment)


def _of_seed(
    subject: Subject, scores: Table, populations: Table, settings: Resampling, read: _Reader
) -> list[Measurement]:
    outputs = read("outputs", "outputs")
    if read.inputs.ideal:
        ideal = read("ideal", "outputs")
        return [
            *answers(subject, outputs, scores, settings, populations),
            *device.signal(subject, outputs, ideal, settings),
        ]
    return measure(
        subject,
        outputs,
        scores,
        cost=read("cost", "cost"),
        timing=read("timing", "timing"),
        reference=_reference(read),
        settings=settings,
        populations=populations,
    )


def _reference(read: _Reader) -> Reference:
    """The seed's retrained models: what a variant's answers and costs are compared with."""
    table = read("ensemble", "fleet_outputs")
    count = len(np.unique(table["model_index"]))
    logits = table["logits"].astype(np.float64)
    logits = logits.reshape(count, -1, logits.shape[-1])
    return Reference(
        np.exp(losses.log_probabilities(logits, np)),
        float(read("retrain_cost", "cost")["gradient_evaluations"][0]),
        float(read("retrain_timing", "timing")["wall_seconds"][0]),
    )


def _populations(path: str, experiment: str) -> dict[str, dict[str, np.ndarray]]:
    """Seed -> attack -> the sample ids that the attack was published on, where it has such."""
    populations: dict[str, dict[str, np.ndarray]] = {}
    fitted = read_parameters(path, experiment)
    for owner, attack, values in by_attack(fitted, "population_sample_id"):
        populations.setdefault(owner, {})[attack] = values.astype(np.int64)
    return populations
