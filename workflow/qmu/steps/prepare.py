"""Step `prepare`: one IBM job: embedded images and the transpiled circuit, ready to be sent."""

from __future__ import annotations

import numpy as np

from .. import model as models
from .. import tables
from ..hardware.prepare import prepare
from ..hardware.settings import Settings
from ..hardware.stored import write_prepared
from ..on_device import embedded
from . import ibm_job, seed_data
from .write import parameters_from


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the PUB with all that decoding its result needs."""
    experiment = spec["experiment"]
    settings = Settings(**spec["circuit"])
    model = models.build(**spec["model"], circuit=False)
    clock.watch_compilation()
    clock.ready()
    backend = ibm_job.backend_of(spec["backend"], spec["waiting"], report)
    data = seed_data.read(inputs["pool"], inputs["samples"], experiment)
    stored = tables.read(inputs["parameters"], "parameters", experiment=experiment)
    parameters = model.convert(parameters_from(stored))
    chosen = ibm_job.positions(data.split, data.sample_id, spec)
    rows = model.inputs(data.pool)[ibm_job.part_of(chosen, spec["part"], spec["parts"])]
    states = embedded(model, parameters, rows)
    report(f"{len(rows)} images for {backend.name}")
    circuit = model.module.circuit(model.config)
    angles = np.asarray(parameters["circuit"]).reshape(-1)
    prepared = prepare(circuit, angles, states, backend, settings)
    write_prepared(outputs["prepared"], prepared)
    report(
        f"{prepared.two_qubit_gates} two-qubit gates, product of fidelities "
        f"{prepared.product_of_fidelities:.3f}; embedding: {prepared.layers} layers, fidelity "
        f"{prepared.fidelity.mean():.4f} (worst {prepared.fidelity.min():.4f})"
    )
    report(str(prepared.cost))
