"""A model's circuit all the way: prepared, submitted, collected, decoded to expectation values."""

from __future__ import annotations

import numpy as np
import pytest
from circuit_example import submission
from loopback_platform import BACKEND
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.ibm.decode import expectations
from qmu.ibm.jobs import raw_result
from qmu.ibm.jobs.collect import collect
from qmu.ibm.jobs.service import open_service
from qmu.ibm.jobs.submit import submit
from qmu.ibm.prepare import prepare
from qmu.ibm.template import template
from qmu.studies.signal import ideal_expectations

SAMPLES, SHOTS = 3, 2000


@pytest.mark.parametrize("primitive", ["sampler", "estimator"])
def test_expectation_values_come_back_as_the_model_gives_them(platform, tmp_path, rng, primitive):
    """The platform executes without noise, so only the shots are left."""
    circuit = u3_cnot_ring.circuit(3, 2)
    angles = rng.uniform(-np.pi, np.pi, circuit.parameters)
    states = rng.normal(size=(SAMPLES, 8))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    chosen = submission(primitive=primitive, embedding="tree", transpiler_seeds=1, shots=SHOTS)
    service = open_service(chosen.waiting, print)
    job = prepare(circuit, angles, states, service.backend(BACKEND), chosen.circuit)
    job_id = submit(job.pub, job.digest, service, BACKEND, chosen, tmp_path / "job", print)
    path = collect(job_id, service, chosen, tmp_path / "job", print)
    header, result = raw_result.read_result(path)
    values, _ = expectations(result, job)
    ideal = ideal_expectations(template(circuit, angles, states, chosen.circuit))
    assert header["digest"] == job.digest
    assert values.shape == ideal.shape == (SAMPLES, 3)
    assert np.abs(values - ideal).max() < 5 / np.sqrt(SHOTS)
