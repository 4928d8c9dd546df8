"""Step `measure`: the measurements of a group of variants from their outputs and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qmu.attacks.fitted import by_attack
from qmu.attacks.records import records
from qmu.audit import device
from qmu.audit.measure import answers, measure
from qmu.audit.measurement import Measurement, Reference, Resampling, Subject
from qmu.audit.records import record_figures
from qmu.audit.roc import roc_rows
from qmu.specs.audit import Measure
from qmu.steps.frame.job import Job
from qmu.steps.io.measurements import resampling, write_measurements
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer
from qmu.tables import parquet
from qmu.tables.schemas import SCHEMAS
from qmu.variants import group, number_of

Table = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables of all variants and seeds, variant by variant. In the simulation: what making the
    models cost and, of all seeds, what retraining did (where they were made here), and the
    ``outputs`` of the further retrained models of all seeds, model by model. On a further device
    instead ``ideal``: the simulation's outputs."""

    fitted: str
    scores: str
    outputs: list[str]
    cost: Sequence[str] = ()
    timing: Sequence[str] = ()
    retrain_cost: Sequence[str] = ()
    retrain_timing: Sequence[str] = ()
    retrained: Sequence[str] = ()
    ideal: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Tables ``measurements``, ``roc`` and ``records``."""

    measurements: str
    roc: str
    records: str


def run(inputs: Inputs, outputs: Outputs, spec: Measure, job: Job) -> None:
    """Write the measurements with their intervals, the ROC curves and the single records."""
    settings = resampling(spec)
    job.clock.ready()
    scores = parquet.read(inputs.scores, "scores", experiment=spec.experiment)
    populations = _populations(inputs.fitted, spec.experiment)
    measurements: list[Measurement] = []
    read = _Reader(inputs, spec)
    rows: list[dict] = []
    judged: list[Table] = []
    for variant in spec.variants:
        job.report(variant)
        chosen = scores["variant"] == variant
        own = {name: column[chosen] for name, column in scores.items()}
        for seed in spec.seeds:
            of_seed = own["seed"] == seed
            measurements += _of_seed(
                Subject(spec.name, seed, variant, spec.device),
                {name: column[of_seed] for name, column in own.items()},
                populations.get(str(seed), {}),
                settings,
                read,
            )
        found = records(own, spec.false_records)
        subject = Subject(spec.name, None, variant, spec.device)
        measurements += record_figures(subject, found, settings)
        alone = group(variant) == variant
        judged.append(_kept(found, spec.name, variant, alone))
        if alone:  # curves are drawn of these alone
            rows += roc_rows(own, spec.name, variant, settings)
    write_measurements(outputs.measurements, spec, measurements)
    write = Writer(spec)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["roc"]}
    write(outputs.roc, "roc", columns)
    found = {name: np.concatenate([one[name] for one in judged]) for name in judged[0]}
    write(outputs.records, "records", found)
    job.report(f"{len(measurements)} measurements")


def _kept(found: Table, model: str, variant: str, alone: bool) -> dict[str, np.ndarray]:
    """Rows of the table ``records``: all of the forget set; of the retained ones, which are many
    more, those found in a variant that stands ``alone``."""
    chosen = found["forget"] | (found["found"] & alone)
    columns = {name: column[chosen] for name, column in found.items()}
    named = {"model": model, "variant": variant}
    return columns | {name: np.full(chosen.sum(), of, object) for name, of in named.items()}


@dataclass(frozen=True)
class _Reader:
    """Reads the tables of one variant and seed, or those of the seed alone, by the name of the
    input."""

    inputs: Inputs
    spec: Measure

    def __call__(self, name: str, kind: str, subject: Subject) -> dict[str, np.ndarray]:
        place = self.spec.variants.index(subject.variant)
        return self._read(name, kind, place, subject.seed)

    def of_seed(self, name: str, kind: str, seed: int | None, place: int = 0) -> dict:
        """The table of the seed, the ``place``-th of it."""
        return self._read(name, kind, place, seed)

    def _read(self, name: str, kind: str, place: int, seed: int | None) -> dict[str, np.ndarray]:
        seeds = self.spec.seeds
        file = getattr(self.inputs, name)[place * len(seeds) + seeds.index(seed)]
        return parquet.read(file, kind, experiment=self.spec.experiment)


def _of_seed(
    subject: Subject, scores: Table, populations: Table, settings: Resampling, read: _Reader
) -> list[Measurement]:
    outputs = read("outputs", "outputs", subject)
    if read.inputs.ideal:
        ideal = read("ideal", "outputs", subject)
        return [
            *answers(subject, outputs, scores, settings, populations),
            *device.signal(subject, outputs, ideal, settings),
        ]
    return measure(
        subject,
        outputs,
        scores,
        cost=read("cost", "cost", subject) if read.inputs.cost else None,
        timing=read("timing", "timing", subject) if read.inputs.cost else None,
        reference=_reference(read, subject),
        settings=settings,
        populations=populations,
    )


def _reference(read: _Reader, subject: Subject) -> Reference:
    """The seed's retrained models, but for the audited one: what a variant's answers and costs are
    compared with."""
    seed, count = subject.seed, len(read.inputs.retrained) // len(read.spec.seeds)
    others = [
        read.of_seed("retrained", "outputs", seed, place)["probabilities"]
        for place in range(count)
        if number_of(subject.variant) != place + 1
    ]
    ensemble = np.stack(others) if others else np.empty((0, 0, 0))
    if not read.inputs.retrain_cost:
        return Reference(ensemble)
    return Reference(
        ensemble,
        float(read.of_seed("retrain_cost", "cost", seed)["gradient_evaluations"][0]),
        float(read.of_seed("retrain_timing", "timing", seed)["wall_seconds"][0]),
    )


def _populations(path: str, experiment: str) -> dict[str, dict[str, np.ndarray]]:
    """Seed -> attack -> the sample ids that the attack was published on, where it has such."""
    populations: dict[str, dict[str, np.ndarray]] = {}
    fitted = read_parameters(path, experiment)
    for owner, attack, values in by_attack(fitted, "population_sample_id"):
        populations.setdefault(owner, {})[attack] = values.astype(np.int64)
    return populations
