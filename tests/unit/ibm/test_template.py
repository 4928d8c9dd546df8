"""The qiskit circuit computes what the devices of this package compute."""

import dataclasses

import numpy as np
import pytest
from circuit_reference import random_circuit, random_inputs, values
from qmu.circuits.ansatz import qcnn, reupload, u3_cnot_ring
from qmu.circuits.circuit import Operation
from qmu.errors import QmuError
from qmu.ibm.settings import Settings
from qmu.ibm.template import template
from qmu.simulators.choose import expectation_function
from qmu.studies.signal import ideal_expectations

TREE = Settings(embedding="tree")


def exact(circuit, angles, inputs, settings=TREE):
    return ideal_expectations(template(circuit, angles, inputs, settings))


@pytest.mark.parametrize(
    ("wires", "layers", "fold"), [(2, 1, False), (4, 3, False), (4, 3, True), (8, 2, True)]
)
def test_u3_cnot_ring_agrees_with_the_device(rng, wires, layers, fold):
    circuit = u3_cnot_ring.circuit(wires, layers)
    angles = rng.uniform(-np.pi, np.pi, circuit.parameters)
    inputs = random_inputs(rng, circuit, 3)
    expected = expectation_function(circuit, device="default.qubit")(angles, inputs)
    found = exact(circuit, angles, inputs, Settings(embedding="tree", fold=fold))
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("embedding", ["amplitude", "angle"])
def test_every_gate_agrees_with_pennylane_matrices(rng, embedding):
    features = 3 if embedding == "angle" else 0
    for _ in range(3):
        circuit = random_circuit(rng, 3, 44, embedding, features)
        angles = rng.normal(size=circuit.parameters)
        inputs = random_inputs(rng, circuit, 2)
        found = exact(circuit, angles, inputs)
        np.testing.assert_allclose(found, values(circuit, angles, inputs), atol=1e-10)


@pytest.mark.parametrize("circuit", [reupload.circuit(4, 3, 1, 1), qcnn.circuit("SO4")])
def test_the_other_ansatz_circuits_agree(rng, circuit):
    angles = rng.normal(size=circuit.parameters)
    inputs = random_inputs(rng, circuit, 2)
    expected = values(circuit, angles, inputs)
    np.testing.assert_allclose(exact(circuit, angles, inputs), expected, atol=1e-10)


def test_folding_leaves_out_gates(rng):
    circuit = u3_cnot_ring.circuit(4, 2)
    arguments = circuit, rng.normal(size=24), random_inputs(rng, circuit, 1)
    whole = template(*arguments, TREE).circuit.count_ops()["cx"]
    folded = template(*arguments, Settings(embedding="tree", fold=True)).circuit.count_ops()["cx"]
    assert whole - folded == 4


def test_bad_arguments_are_named(rng):
    circuit = u3_cnot_ring.circuit(2, 1)
    inputs = random_inputs(rng, circuit, 2)
    with pytest.raises(QmuError, match="5 angles for a circuit of 6"):
        template(circuit, np.zeros(5), inputs, TREE)
    with pytest.raises(QmuError, match=r"shape \(2, 3\)"):
        template(circuit, np.zeros(6), inputs[:, :3], TREE)
    with pytest.raises(QmuError, match="finite"):
        template(circuit, np.full(6, np.nan), inputs, TREE)
    strange = dataclasses.replace(circuit, operations=(Operation("Toffoli", (0, 1)),))
    with pytest.raises(QmuError, match="Toffoli"):
        template(strange, np.zeros(6), inputs, TREE)
