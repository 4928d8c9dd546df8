"""Step `innocents`: edits of retrained models that add no knowledge of the forget set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.circuits.circuit import Circuit
from qmu.forget.scenario import whole_classes
from qmu.models import innocent
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.specs.train import Innocents
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.variant import ManyFiles, VariantFiles, write_variant
from qmu.tables import parquet
from qmu.unlearning.ledger import Ledger

# What an edit is fitted on: rows that no model saw, or those that a retrained one was trained on.
UNSEEN = ("forget_unseen", "retain_unseen")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool`` and ``samples`` of every seed; ``parameters`` and ``outputs`` of the retrained
    models that are edited, model by model, of every seed."""

    pool: str
    samples: list[str]
    parameters: list[str]
    outputs: list[str]


def run(inputs: Inputs, outputs: ManyFiles, spec: Innocents, job: Job) -> None:
    """Write the tables of every edit of every model and seed, in this order of nesting: model,
    edit, seed."""
    model = models.build(**dict(spec.model))
    job.clock.watch_compilation()
    job.clock.ready()
    per_seed = [samples.read(inputs.pool, path, spec.experiment) for path in inputs.samples]
    rows, written = [model.inputs(data.pool) for data in per_seed], 0
    for number in range(spec.count):
        mine = slice(number * len(spec.seeds), (number + 1) * len(spec.seeds))
        parameters = [read_parameters(path, spec.experiment) for path in inputs.parameters[mine]]
        known = [
            parquet.read(path, "outputs", experiment=spec.experiment)
            for path in inputs.outputs[mine]
        ]
        for edit in spec.edits:
            for position, data in enumerate(per_seed):
                edited = edit_of(edit, parameters[position], known[position], data, model.circuit)
                write_variant(
                    VariantFiles.of_many(outputs, written),
                    spec,
                    edited,
                    history={"epoch": [], "loss": [], "accuracy": []},
                    outputs=data.sample_columns()
                    | evaluate(model, model.convert(edited), rows[position]),
                    cost=Ledger().columns(model.circuit_parameters),
                    timing=job.clock.lap(),
                )
                written += 1
            job.report(f"retrained model {number + 1}: {edit}")
    job.clock.stop()


def edit_of(
    edit: str,
    parameters: dict[str, np.ndarray],
    known: dict[str, np.ndarray],
    data: samples.SeedData,
    circuit: Circuit | None,
) -> dict[str, np.ndarray]:
    """The parameters after one of `qmu.variants.EDITS`; ``known`` is the table ``outputs``."""
    if edit == "bias":
        rows = data.positions(*UNSEEN)
        classes = whole_classes(data.label, data.forget)
        return innocent.raised(parameters, known["logits"][rows], data.label[rows], classes)
    if edit == "temperature":
        return innocent.cooled(parameters)
    if edit == "head":
        rows = data.positions("retain_train")
        return innocent.refitted(parameters, known["expectation_values"][rows], data.label[rows])
    return innocent.turned(parameters, circuit)
