"""Step `signal`: what a backend leaves of a trained model's signal, by embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu import seeds
from qmu.data.splits import scattered_order
from qmu.devices.execution import embedded
from qmu.errors import QmuError
from qmu.ibm import backends
from qmu.ibm.settings import Settings
from qmu.models import model as models
from qmu.models.outputs import evaluate_head
from qmu.specs.studies import Signal as SignalSpec
from qmu.steps.frame.job import Job
from qmu.steps.io import samples as seed_data
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.writer import Writer
from qmu.studies import signal
from qmu.tables.schemas import SCHEMAS

SHOWN = ("retain_test", "forget_test")
# Images that neither training nor a figure looks at.
FITTED = ("retain_validation",)
FEWEST = 10


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool``, ``samples`` and ``parameters``."""

    pool: str
    samples: str
    parameters: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``signal``."""

    signal: str


def run(inputs: Inputs, outputs: Outputs, spec: SignalSpec, job: Job) -> None:
    """Write one row per embedding, of the target of one seed."""
    settings = signal.Config(**spec.signal)
    model = models.build(**dict(spec.model), circuit=False)
    circuit = model.circuit
    job.clock.watch_compilation()
    job.clock.ready()
    case = _case(inputs, spec, model, settings.images)
    backend = backends.backend(settings.backend)
    job.report(f"{len(case.labels)} images, {len(case.others)} fit the correction, {backend.name}")
    choices = settings.choices()
    if circuit.embedding != "amplitude":
        # The data are angles of the circuit's own gates: there is nothing to choose.
        choices = [choices[-1].model_copy(update={"embedding": "tree", "layers": None})]
    exact = signal.ideal(case)
    rows = []
    for choice in choices:
        names = (spec.root_seed, "signal", spec.name, choice.embedding, str(choice.layers))
        try:
            row = signal.row(case, exact, backend, choice, seeds.generator(*names))
        except QmuError as error:
            job.report(f"{_name(choice)}: left out, {error}")
            continue
        if circuit.embedding != "amplitude":
            row["embedding"] = circuit.embedding
        searched = choice.embedding == "mps" and choice.layers is None
        rows.append(
            row | {"seed": spec.seed, "max_infidelity": choice.max_infidelity if searched else None}
        )
        job.report(_line(choice, row))
    if not rows:
        raise QmuError(f"signal: no embedding serves {spec.name}; the job's log says why")
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["signal"]}
    Writer(spec)(outputs.signal, "signal", columns)


def _case(inputs, spec, model, count: int) -> signal.SignalTarget:
    experiment = spec.experiment
    data = seed_data.read(inputs.pool, inputs.samples, experiment)
    stored = read_parameters(inputs.parameters, experiment)
    parameters = model.convert(stored)
    order = scattered_order(data.sample_id)
    shown, others = (order[np.isin(data.split[order], s)][:count] for s in (SHOWN, FITTED))
    if len(shown) < FEWEST or len(others) < FEWEST:
        raise QmuError(
            f"signal: {len(shown)} test and {len(others)} retained validation images, "
            f"{FEWEST} of each are needed (samples.test, samples.validation)"
        )
    rows = model.inputs(data.pool)
    return signal.SignalTarget(
        name=spec.name,
        circuit=model.circuit,
        angles=np.asarray(parameters["circuit"], float).reshape(-1),
        states=_unit(embedded(model, parameters, rows[shown]), model),
        labels=data.label[shown],
        others=_unit(embedded(model, parameters, rows[others]), model),
        head=lambda values: evaluate_head(model, parameters, values)["logits"],
    )


def _unit(states: np.ndarray, model) -> np.ndarray:
    """In double precision; amplitudes with norm 1 in it."""
    states = states.astype(np.result_type(states.dtype, np.float64))
    if model.circuit.embedding != "amplitude":
        return states
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def _name(choice: Settings) -> str:
    if choice.embedding == "tree":
        return "tree"
    if choice.layers is None:
        return f"mps within {choice.max_infidelity:g}"
    return f"mps of {choice.layers} layers"


def _line(choice: Settings, row) -> str:
    text = (
        f"{_name(choice)}: {row['two_qubit_gates']} two-qubit gates, "
        f"fidelity {row['fidelity_mean']:.4f}"
    )
    if row["slope"] is None:
        return f"{text}; spreads over too many qubits for its noise to be simulated"
    return (
        f"{text}, slope {row['slope']:.3f}, correlation {row['correlation']:.3f}, accuracy "
        f"{row['accuracy_ideal']:.3f} -> {row['accuracy_noisy']:.3f}, corrected "
        f"{row['accuracy_corrected']:.3f}, from {row['shots']} shots {row['accuracy_sampled']:.3f}"
    )
