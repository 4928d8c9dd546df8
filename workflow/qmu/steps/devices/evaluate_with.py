"""Step `evaluate_with`: one model's outputs on a PennyLane device, image by image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu import seeds
from qmu.devices.execution import embedded
from qmu.devices.images import Images, select
from qmu.devices.kinds import pennylane
from qmu.errors import QmuError
from qmu.ibm.jobs.secrets import Redactor, discreet
from qmu.models import model as models
from qmu.models.outputs import evaluate_head
from qmu.simulators.pennylane import expectations, maker
from qmu.specs.devices import EvaluateWith
from qmu.steps.frame.job import Job
from qmu.steps.io import ibm_job
from qmu.steps.io import samples as seed_data
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer

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
    """Table ``outputs``."""

    outputs: str


def run(inputs: Inputs, outputs: Outputs, spec: EvaluateWith, job: Job) -> None:
    """Write the outputs on the images that the device was asked about."""
    setting = pennylane.Config(**spec.settings)
    experiment = spec.experiment
    model = models.build(**dict(spec.model), circuit=False)
    job.clock.watch_compilation()
    job.clock.ready()
    data = seed_data.read(inputs.pool, inputs.samples, experiment)
    stored = read_parameters(inputs.parameters, experiment)
    parameters = model.convert(stored)
    chosen = select(data.split, data.sample_id, Images(**spec.settings["images"]))
    states = embedded(model, parameters, model.inputs(data.pool)[chosen])
    states = states.astype(np.result_type(states.dtype, np.float64))
    circuit = model.circuit
    if circuit.embedding == "amplitude":
        # Qiskit asks for a norm of 1 in double precision.
        states /= np.linalg.norm(states, axis=1, keepdims=True)
    angles = np.asarray(parameters["circuit"], np.float64).reshape(-1)
    names = (spec.root_seed, "pennylane", spec.device, spec.name, spec.seed)
    rng = seeds.generator(*names, spec.variant)
    job.report(f"{len(chosen)} images on {setting.device}, one execution each")
    values = _values(setting, circuit, angles, states, rng, job.report, spec.device)
    evaluated = evaluate_head(model, parameters, values)
    columns = {name: column[chosen] for name, column in data.sample_columns().items()}
    Writer(spec)(outputs.outputs, "outputs", columns | evaluated)
    hits = evaluated["logits"].argmax(axis=-1) == columns["label"]
    job.report(f"accuracy on {len(hits)} images {hits.mean():.3f}")


def _values(setting, circuit, angles, states, rng, report, name: str) -> np.ndarray:
    """The device's answers; whatever it raises ends as one line without a token."""
    redact = Redactor.of()
    try:
        with discreet(redact, report):
            backend = None
            if setting.backend is not None:
                backend = ibm_job.backend_of(setting.backend, {}, report)
            make = maker(setting.device, circuit.wires, dict(setting.options), backend)
            values = expectations(circuit, make, angles, states, setting.shots, rng)
    except QmuError as error:
        raise QmuError(f"devices.{name}: {redact(error)}") from None
    except Exception as error:
        kind = type(error).__name__
        raise QmuError(
            f"devices.{name}: {setting.device} failed, {kind}: {redact.line(error)}"
        ) from None
    if not np.isfinite(values).all():
        raise QmuError(f"devices.{name}: {setting.device} gave a value that is not a number")
    return values
