"""A circuit that FakeManila's gates express without transpiling, and what it must give.

SX, RZ(angle), SX on qubit 0 and a CX onto qubit 1: both read 1 with probability cos^2(angle / 2),
so <Z> of either is -cos(angle).
"""

from __future__ import annotations

import numpy as np
from qmu.ibm.settings import Job, Settings, Submission, Waiting

ANGLES = np.array([0.0, 0.7, 1.9, np.pi])
DIGEST = "digest-of-the-inputs"
QUICK = {
    "shots": 512,
    "settle_seconds": 0.4,
    "outage_seconds": 40.0,
    "token_seconds": 0.3,
    "max_wait_seconds": 60.0,
    "request_seconds": 30.0,
    "first_poll_seconds": 0.05,
    "longest_poll_seconds": 0.2,
}


def submission(**changes) -> Submission:
    """`QUICK` with changes, each key at its place among the settings of a job."""
    chosen = {**QUICK, **changes}
    job, waiting = (
        {name: chosen.pop(name) for name in model.model_fields if name in chosen}
        for model in (Job, Waiting)
    )
    return Submission(circuit=Settings(**chosen), job=Job(**job), waiting=Waiting(**waiting))


def _circuit(measured: bool):
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter

    circuit = QuantumCircuit(2, 2 if measured else 0)
    circuit.sx(0)
    circuit.rz(Parameter("angle"), 0)
    circuit.sx(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure([0, 1], [0, 1])
    return circuit


def sampler_pub() -> tuple:
    """All angles as one broadcast PUB."""
    return _circuit(True), ANGLES.reshape(-1, 1)


def estimator_pub() -> tuple:
    """Two observables for every angle as one broadcast PUB."""
    return _circuit(False), [["IZ"], ["ZI"]], ANGLES.reshape(-1, 1)
