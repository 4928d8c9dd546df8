"""Step `prepare`: one IBM job: embedded images and the transpiled circuit, ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.devices.execution import embedded
from qmu.ibm.prepare import prepare
from qmu.ibm.settings import Settings
from qmu.ibm.stored import write_prepared
from qmu.models import model as models
from qmu.specs.ibm import Prepare
from qmu.steps.frame.job import Job
from qmu.steps.io import ibm_job
from qmu.steps.io import samples as seed_data
from qmu.steps.io.parameters import read_parameters

# What a job of this step says may quote an answer of IBM.
redactor = ibm_job.redactor


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool``, ``samples`` and ``parameters``."""

    pool: str
    samples: str
    parameters: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The job as JSON, see `qmu.ibm.stored`."""

    prepared: str


def run(inputs: Inputs, outputs: Outputs, spec: Prepare, job: Job) -> None:
    """Write the PUB with all that decoding its result needs."""
    experiment = spec.experiment
    settings = Settings(**spec.circuit)
    model = models.build(**dict(spec.model), circuit=False)
    job.clock.watch_compilation()
    job.clock.ready()
    backend = ibm_job.backend_of(spec.backend, job.waiting, job.report)
    data = seed_data.read(inputs.pool, inputs.samples, experiment)
    stored = read_parameters(inputs.parameters, experiment)
    parameters = model.convert(stored)
    chosen = ibm_job.positions(data.split, data.sample_id, spec.images)
    rows = model.inputs(data.pool)[ibm_job.part_of(chosen, spec.part, spec.parts)]
    states = embedded(model, parameters, rows)
    job.report(f"{len(rows)} images for {backend.name}")
    circuit = model.circuit
    angles = np.asarray(parameters["circuit"]).reshape(-1)
    prepared = prepare(circuit, angles, states, backend, settings)
    write_prepared(outputs.prepared, prepared)
    job.report(
        f"{prepared.two_qubit_gates} two-qubit gates, product of fidelities "
        f"{prepared.product_of_fidelities:.3f}; embedding: {prepared.layers} layers, fidelity "
        f"{prepared.fidelity.mean():.4f} (worst {prepared.fidelity.min():.4f})"
    )
    job.report(str(prepared.cost))
