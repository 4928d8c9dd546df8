"""The fused engine against PennyLane's gate matrices and default.qubit: values and gradients."""

import circuit_reference as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.circuits.circuit import Circuit, Feature, Operation, Parameter
from qmu.simulators import pennylane as pennylane_device
from qmu.simulators.fused import adjoint as fused_adjoint
from qmu.simulators.fused import engine as fused

SINGLE = ("U3", "Rot", "RX", "RY", "RZ", "PhaseShift", "PauliX", "PauliY", "PauliZ", "Hadamard")
DOUBLE = ("CNOT", "CNOT", "CNOT", "SWAP", "CZ", "CRZ", "ControlledPhaseShift", "IsingZZ")
ANGLES = {"U3": 3, "Rot": 3, "RX": 1, "RY": 1, "RZ": 1, "PhaseShift": 1, "CRZ": 1}
ANGLES |= {"ControlledPhaseShift": 1, "IsingZZ": 1}


def random_circuit(rng, wires, gates=25, parameters=7) -> Circuit:
    """Any gates that fuse, in any order, on any wires, with shared and constant angles."""
    operations = []
    for _ in range(gates):
        name = str(rng.choice(SINGLE + DOUBLE * (wires > 1)))
        on = rng.permutation(wires)[: 2 if name in DOUBLE else 1]
        angles = tuple(
            Parameter(int(rng.integers(parameters))) if rng.random() < 0.8 else float(rng.normal())
            for _ in range(ANGLES.get(name, 0))
        )
        operations.append(Operation(name, tuple(int(wire) for wire in on), angles))
    measured = tuple(int(wire) for wire in rng.permutation(wires)[: max(1, wires - 1)])
    return Circuit(wires, "amplitude", tuple(operations), measured, parameters)


def drawn(rng, circuit, batch, complex_=False):
    parameters = rng.uniform(-np.pi, np.pi, circuit.parameters)
    states = reference.random_inputs(rng, circuit, batch, complex_=complex_)
    return parameters, states, rng.normal(size=(batch, len(circuit.measured)))


def evaluate(function, parameters, states, weights):
    """Values, and gradients of ``sum(weights * values)`` in both arguments, under jit."""

    def loss(parameters, states):
        values = function(parameters, states)
        return jnp.sum(weights * values), values

    differentiate = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    (_, values), gradients = differentiate(parameters, states)
    return values, *gradients


def assert_close(found, expected, tolerance):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("wires", [1, 2, 3, 4, 5])
def test_random_circuits_agree_with_gate_matrices(rng, wires, complex_):
    circuit = random_circuit(rng, wires)
    assert fused.applies(circuit)
    arguments = drawn(rng, circuit, 2, complex_)
    parameters, states, weights = arguments
    expected = reference.values(circuit, parameters, states)
    slopes = reference.gradients(circuit, parameters, states, weights)
    found = evaluate(fused.expectation_function(circuit, "double"), *arguments)
    assert_close(found, (expected, *slopes), 1e-10)


@pytest.mark.parametrize(
    ("wires", "layers", "batch", "complex_"),
    [(3, 0, 7, True), (5, 2, 1, False), (7, 1, 7, True), (2, 7, 300, False), (8, 1, 7, False)],
)
def test_agrees_with_default_qubit(rng, wires, layers, batch, complex_):
    circuit = u3_cnot_ring.circuit(wires, layers)
    arguments = drawn(rng, circuit, batch, complex_)
    node = pennylane_device.expectation_function(circuit, "default.qubit", "double")
    expected = evaluate(node, *arguments)
    for precision, dtype, tolerance in (
        ("double", np.float64, 1e-10),
        ("single", np.float32, 1e-4),
    ):
        found = evaluate(fused.expectation_function(circuit, precision), *arguments)
        assert found[0].dtype == dtype
        assert_close(found, expected, tolerance)


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize(("wires", "layers"), [(4, 2), (5, 7)])
def test_both_routes_agree(rng, wires, layers, complex_):
    circuit = u3_cnot_ring.circuit(wires, layers)
    arguments = drawn(rng, circuit, 300, complex_)
    results = [
        evaluate(fused.expectation_function(circuit, "double", route), *arguments)
        for route in ("states", "unitary")
    ]
    assert_close(results[1], results[0], 1e-10)


def test_route_follows_cost():
    tables = fused.tables(fused.program(u3_cnot_ring.circuit(8, 5)))
    assert not fused.unitary_is_cheaper(tables, 32, complex_input=False)
    assert fused.unitary_is_cheaper(tables, 1024, complex_input=False)
    large = fused.tables(fused.program(u3_cnot_ring.circuit(12, 2)))
    assert not fused.unitary_is_cheaper(large, 100_000, complex_input=False)


def test_deep_and_large_programs_build_their_phases_in_the_loop(rng, monkeypatch):
    monkeypatch.setattr(fused_adjoint, "_AT_ONCE", 0)
    for circuit in (u3_cnot_ring.circuit(3, 8), random_circuit(rng, 3, gates=60)):
        arguments = drawn(rng, circuit, 2)
        parameters, states, weights = arguments
        found = evaluate(fused.expectation_function(circuit, "double"), *arguments)
        expected = reference.values(circuit, parameters, states)
        slopes = reference.gradients(circuit, parameters, states, weights)
        assert_close(found, (expected, *slopes), 1e-10)


def test_layers_with_different_permutations_scan(rng):
    operations = []
    for layer in range(9):
        operations += [Operation("RY", (w,), (Parameter(3 * layer + w),)) for w in range(3)]
        operations += [Operation("CNOT", (layer % 3, (layer + 1) % 3), ())]
    circuit = Circuit(3, "amplitude", tuple(operations), (0, 2), 27)
    assert len(fused.program(circuit).layers) == 9
    arguments = drawn(rng, circuit, 2, True)
    parameters, states, weights = arguments
    found = evaluate(fused.expectation_function(circuit, "double"), *arguments)
    expected = reference.values(circuit, parameters, states)
    slopes = reference.gradients(circuit, parameters, states, weights)
    assert_close(found, (expected, *slopes), 1e-10)


def test_one_layer_of_gates_is_one_fused_layer():
    program = fused.program(u3_cnot_ring.circuit(20, 50))
    assert len(program.layers) == 50
    assert all(len(layer.rotations) == 20 for layer in program.layers)


def test_applies_to_amplitudes_and_known_gates_only():
    rotation = (Operation("RY", (0,), (Feature(0),)),)
    assert not fused.applies(Circuit(1, "angle", rotation, (0,), 0, 1))
    assert not fused.applies(Circuit(1, "amplitude", rotation, (0,), 0, 1))
    crossed = Circuit(2, "amplitude", (Operation("CRX", (0, 1), (Parameter(0),)),), (0,), 1)
    assert not fused.applies(crossed)
    with pytest.raises(ValueError, match="fused engine"):
        fused.expectation_function(crossed, "double")
