"""Step `correct`: a device's outputs after a linear correction of every qubit, all seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.devices import correction as linear_correction
from qmu.errors import QmuError
from qmu.models import model as models
from qmu.models.outputs import evaluate_head
from qmu.specs.devices import Correct
from qmu.steps.frame.job import Job
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer
from qmu.tables import parquet

# Images that neither an attack's training nor a figure looks at.
SPLIT = "retain_validation"
SAMPLE = ("sample_id", "label", "split", "forget", "embedding_fidelity")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Of every seed: ``outputs`` as measured and as simulated, and ``parameters``."""

    measured: list[str]
    exact: list[str]
    parameters: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Tables ``outputs`` of every seed."""

    outputs: list[str]


def run(inputs: Inputs, outputs: Outputs, spec: Correct, job: Job) -> None:
    """Fit a line per qubit on validation images, apply it to all, and run the head again."""
    experiment = spec.experiment
    model = models.build(**dict(spec.model), circuit=False)
    job.clock.watch_compilation()
    job.clock.ready()
    write = Writer(spec)
    files = zip(
        spec.seeds,
        inputs.measured,
        inputs.exact,
        inputs.parameters,
        outputs.outputs,
        strict=True,
    )
    for seed, measured_path, exact_path, stored_path, path in files:
        measured = parquet.read(measured_path, "outputs", experiment=experiment)
        exact = parquet.read(exact_path, "outputs", experiment=experiment)
        stored = read_parameters(stored_path, experiment)
        lines = _lines(measured, exact, measured_path)
        values = linear_correction.apply(lines, measured["expectation_values"])
        evaluated = evaluate_head(model, model.convert(stored), values)
        columns = evaluated | {name: measured[name] for name in SAMPLE}
        write(path, "outputs", columns)
        hits = evaluated["logits"].argmax(axis=-1) == measured["label"]
        slopes = ", ".join(f"{slope:.2f}" for slope in lines.slope)
        job.report(
            f"seed {seed}: accuracy on {len(hits)} images {hits.mean():.3f}; slopes {slopes}"
        )


def _lines(measured, exact, path: str) -> linear_correction.Lines:
    rows = np.flatnonzero(measured["split"] == SPLIT)
    if len(rows) < 2:
        raise QmuError(f"{path}: a correction needs images of the split {SPLIT}, it has none")
    # Both tables are in the order of the pool, and ids there ascend.
    same = np.searchsorted(exact["sample_id"], measured["sample_id"][rows])
    if not np.array_equal(exact["sample_id"][same], measured["sample_id"][rows]):
        raise QmuError(f"{path}: column 'sample_id' has images that the simulation lacks")
    return linear_correction.fit(
        measured["expectation_values"][rows], exact["expectation_values"][same]
    )
