"""Step `prepare`: one IBM job: embedded images and the transpiled circuit, ready to be sent."""

from __future__ import annotations

import numpy as np

from qmu.devices.execution import embedded
from qmu.ibm.prepare import prepare
from qmu.ibm.settings import Settings
from qmu.ibm.stored import write_prepared
from qmu.models import model as models
from qmu.steps.io.parameters import parameters_from
from qmu.tables import parquet as tables

from .io import ibm_job
from .io import samples as seed_data


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
