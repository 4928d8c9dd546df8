"""Circuits as data: parameter counts of the literature, and one meaning on PennyLane."""

import circuit_reference as reference
import numpy as np
import pennylane as qml
import pytest
from qmu.circuits.angles import angle_value, feature_terms, periods
from qmu.circuits.ansatz import angle_hybrid, qcnn, reupload, rzz_ring, u3_cnot_ring
from qmu.circuits.circuit import Circuit, Feature, FeatureProduct, Operation, Parameter
from qmu.circuits.qnode import quantum_function
from qmu.seeds import generator

UNITARY_PARAMETERS = {
    **{"TTN": 2, "U5": 10, "U6": 10, "U9": 2, "U13": 6, "U14": 6, "U15": 4, "SO4": 6, "SU4": 15}
}


@pytest.mark.parametrize(("wires", "layers", "expected"), [(8, 5, 120), (8, 10, 240), (4, 1, 12)])
def test_u3_cnot_ring_counts_parameters(wires, layers, expected):
    assert u3_cnot_ring.circuit(wires, layers).parameters == expected


@pytest.mark.parametrize("unitary", qcnn.UNITARIES)
def test_qcnn_counts_parameters(unitary):
    assert set(qcnn.UNITARIES) == set(UNITARY_PARAMETERS)
    assert qcnn.circuit(unitary).parameters == 3 * UNITARY_PARAMETERS[unitary] + 6


def test_parameter_counts_of_the_papers():
    assert angle_hybrid.circuit(8).parameters == 48
    assert angle_hybrid.circuit(4).parameters == 24
    assert reupload.circuit().parameters == 72
    assert rzz_ring.circuit(10, 6).parameters == 240


@pytest.mark.parametrize(
    "circuit",
    [
        u3_cnot_ring.circuit(3, 2),
        angle_hybrid.circuit(4),
        reupload.circuit(),
        qcnn.circuit("U14"),
        rzz_ring.circuit(4, 2),
    ],
    ids=["u3_cnot_ring", "angle_hybrid", "reupload", "qcnn", "rzz_ring"],
)
def test_every_parameter_is_used(circuit):
    used = {
        angle.index
        for operation in circuit.operations
        for angle in operation.angles
        if isinstance(angle, Parameter)
    }
    assert used == set(range(circuit.parameters))
    hash(circuit)


def test_wrong_choices_are_refused():
    with pytest.raises(ValueError, match="unitary must be one of TTN"):
        qcnn.circuit("U7")
    with pytest.raises(ValueError, match="between 1 and wires=6"):
        reupload.circuit(classes=7)


def test_feature_product_and_its_chain_rule():
    angle = FeatureProduct(Feature(0, -1.0, np.pi), Feature(2, 0.5, 0.1))
    sample, step = np.array([0.3, 9.0, -0.7]), 1e-6
    assert angle_value(angle, None, sample) == pytest.approx((np.pi - 0.3) * (0.1 - 0.35))
    slopes = dict(feature_terms(angle, sample))
    assert set(slopes) == {0, 2}
    for feature, slope in slopes.items():
        moved = sample + step * np.eye(3)[feature]
        rise = angle_value(angle, None, moved) - angle_value(angle, None, sample)
        assert slope == pytest.approx(rise / step, abs=1e-5)


def test_square_of_a_feature_keeps_both_terms():
    angle = FeatureProduct(Feature(0), Feature(0))
    total = sum(slope for _, slope in feature_terms(angle, np.array([3.0])))
    assert total == pytest.approx(6.0)


@pytest.mark.parametrize("embedding", ["amplitude", "angle"])
def test_quantum_function_equals_dense_evaluation(rng, embedding):
    circuit = reference.random_circuit(rng, 3, 24, embedding, features=2 * (embedding == "angle"))
    parameters = rng.normal(size=circuit.parameters)
    inputs = reference.random_inputs(rng, circuit, 2)
    node = qml.QNode(quantum_function(circuit), qml.device("default.qubit", wires=3))
    expected = reference.values(circuit, parameters, inputs)
    for sample, row in zip(inputs, expected, strict=True):
        np.testing.assert_allclose(node(parameters, sample), row, atol=1e-12)


def test_tape_and_drawing_show_the_data(rng):
    circuit = u3_cnot_ring.circuit(2, 1)
    inputs = reference.random_inputs(rng, circuit, 1)[0]
    function = quantum_function(circuit)
    tape = qml.tape.make_qscript(function)(np.arange(6.0), inputs)
    assert [operation.name for operation in tape.operations] == [
        *("StatePrep", "U3", "U3", "CNOT", "CNOT")
    ]
    assert tape.operations[2].data == (3.0, 4.0, 5.0)
    assert "U3(0.00,1.00,2.00)" in qml.draw(function)(np.arange(6.0), inputs)


def test_a_circuit_without_operations_is_linear_in_probabilities(rng):
    circuit = Circuit(2, "amplitude", (), (0, 1), 0)
    inputs = reference.random_inputs(rng, circuit, 3)
    signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    expected = inputs**2 @ signs
    np.testing.assert_allclose(reference.values(circuit, np.zeros(0), inputs), expected, atol=1e-12)


def test_pooling_follows_control_then_target():
    last = qcnn.circuit("TTN").operations[-3:]
    assert last == (
        Operation("CRZ", (0, 4), (Parameter(10),)),
        Operation("PauliX", (0,)),
        Operation("CRX", (0, 4), (Parameter(11),)),
    )


@pytest.mark.parametrize(
    "name", ["u3_cnot_ring", "U14", "SU4", "angle_hybrid", "reupload", "rzz_ring"]
)
def test_a_period_of_any_angle_changes_no_expectation_value(name):
    circuit = {
        "u3_cnot_ring": lambda: u3_cnot_ring.circuit(3, 2),
        "angle_hybrid": lambda: angle_hybrid.circuit(4),
        "reupload": reupload.circuit,
        "rzz_ring": lambda: rzz_ring.circuit(4, 2),
    }.get(name, lambda: qcnn.circuit(name))()
    rng = generator("tests", "periods", name)
    angles = rng.normal(size=circuit.parameters)
    inputs = rng.normal(size=circuit.input_size)
    inputs = inputs / np.linalg.norm(inputs)
    run = qml.QNode(quantum_function(circuit), qml.device("default.qubit", wires=circuit.wires))
    turned = angles + periods(circuit) * rng.integers(-2, 3, len(angles))
    np.testing.assert_allclose(run(angles, inputs), run(turned, inputs), atol=1e-9)
    controlled = {"CRX", "CRY", "CRZ"} & {operation.name for operation in circuit.operations}
    assert {*np.round(periods(circuit) / np.pi)} == ({2, 4} if controlled else {2})
