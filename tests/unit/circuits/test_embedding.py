"""The embedding circuits prepare the states that they say they prepare."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector
from qmu.circuits.embedding import mps as mps_embedding
from qmu.circuits.embedding import so4
from qmu.circuits.embedding import sweeps as mps_sweeps
from qmu.circuits.embedding import tree as tree_embedding
from qmu.errors import QmuError


def unit_vectors(rng, samples, wires):
    vectors = rng.normal(size=(samples, 2**wires))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def prepared(circuit, parameters, values):
    """The amplitudes with wire 0 as the most significant bit."""
    bound = circuit.assign_parameters(dict(zip(parameters, values, strict=True)))
    return Statevector(bound.reverse_bits()).data


@pytest.mark.parametrize("wires", [1, 2, 3, 5, 8])
def test_the_tree_is_exact(rng, wires):
    states = unit_vectors(rng, 3, wires)
    circuit, parameters = tree_embedding.circuit(wires)
    for state, values in zip(states, tree_embedding.angles(states), strict=True):
        np.testing.assert_allclose(prepared(circuit, parameters, values), state, atol=1e-12)
    assert circuit.count_ops().get("cz", 0) == tree_embedding.two_qubit_gates(wires)


def test_the_tree_prepares_basis_states_and_zeros(rng):
    states = np.concatenate([np.eye(8), -np.eye(8), [[0, 0, 0.6, 0, 0, -0.8, 0, 0]]])
    circuit, parameters = tree_embedding.circuit(3)
    for state, values in zip(states, tree_embedding.angles(states), strict=True):
        np.testing.assert_allclose(prepared(circuit, parameters, values), state, atol=1e-12)


def test_complex_amplitudes_are_refused_and_real_ones_of_complex_type_are_not(rng):
    states = unit_vectors(rng, 4, 2).astype(complex)
    np.testing.assert_array_equal(tree_embedding.angles(states), tree_embedding.angles(states.real))
    states[2] *= 1j
    with pytest.raises(QmuError, match="sample 2 has complex amplitudes"):
        tree_embedding.angles(states)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (np.ones((2, 4)), "sample 0 has norm 2"),
        (np.array([[1.0, 0.0], [np.nan, 0.0]]), "sample 1 has norm nan"),
        (np.ones((2, 3)), "shape"),
        (np.ones(4), "shape"),
    ],
)
def test_what_is_no_state_is_refused(states, message):
    with pytest.raises(QmuError, match=message):
        tree_embedding.angles(states)


def test_every_rotation_of_four_dimensions_has_its_six_angles(rng):
    blocks = so4.from_basis(np.linalg.qr(rng.normal(size=(30, 4, 4)))[0])
    for block, angles in zip(blocks, so4.angles_of(blocks), strict=True):
        circuit = QuantumCircuit(2)
        for step in range(3):
            if step:
                circuit.cz(0, 1)
            circuit.ry(angles[2 * step], 0)
            circuit.ry(angles[2 * step + 1], 1)
        found = Operator(circuit.reverse_bits()).data
        sign = np.sign(np.real(found.ravel() @ block.ravel()))
        np.testing.assert_allclose(sign * found, block, atol=1e-12)


def test_the_nearest_rotation_is_that_of_the_singular_values(rng):
    environments = np.concatenate(
        [
            rng.normal(size=(200, 4, 4)),
            np.zeros((1, 4, 4)),
            np.eye(4)[None],
            -1e-140 * np.eye(4)[None],
            np.diag([1.0, 1.0, 1.0, -1.0])[None],
            rng.normal(size=(9, 4, 1)) * rng.normal(size=(9, 1, 4)),
        ]
    )
    left, values, right = np.linalg.svd(environments)
    values[:, 3] *= np.linalg.det(left @ right).round()
    found = so4.nearest(environments)
    np.testing.assert_allclose(found @ found.transpose(0, 2, 1), np.eye(4) + 0 * found, atol=1e-13)
    np.testing.assert_allclose(np.linalg.det(found), 1, atol=1e-12)
    reached = np.einsum("nij,nij->n", environments, found)
    np.testing.assert_allclose(reached, values.sum(axis=1), rtol=2e-4, atol=0)


@pytest.mark.parametrize(("wires", "layers"), [(2, 1), (3, 1), (4, 2), (8, 2)])
def test_the_fidelity_of_the_mps_circuit_is_what_it_says(rng, wires, layers):
    states = unit_vectors(rng, 3, wires)
    found = mps_embedding.embed(states, layers=layers, max_infidelity=1.0, sweeps=5)
    circuit, parameters = mps_embedding.circuit(wires, layers)
    assert found.layers == layers
    assert circuit.count_ops()["cz"] == mps_embedding.two_qubit_gates(wires, layers)
    for state, values, fidelity in zip(states, found.angles, found.fidelity, strict=True):
        overlap = prepared(circuit, parameters, values) @ state
        assert abs(overlap) ** 2 == pytest.approx(fidelity, abs=1e-12)


def test_states_of_bond_dimension_two_need_one_layer(rng):
    blocks = so4.from_basis(np.linalg.qr(rng.normal(size=(6, 4, 4, 4)))[0].reshape(-1, 4, 4))
    states = np.zeros((6, 32))
    states[:, 0] = 1.0
    for pair in range(4):
        states = mps_sweeps.apply(blocks.reshape(6, 4, 4, 4)[:, pair], states, pair)
    found = mps_embedding.embed(states, max_infidelity=1e-10)
    assert found.layers == 1
    assert found.fidelity.min() > 1 - 1e-10


def test_the_search_stops_at_the_first_sufficient_number_of_layers(rng):
    states = unit_vectors(rng, 5, 4)
    found = mps_embedding.embed(states, max_infidelity=1e-3)
    assert found.layers > 1
    assert found.fidelity.min() >= 1 - 1e-3
    with pytest.raises(QmuError, match=r"of 5 samples miss 0.001"):
        mps_embedding.embed(states, max_infidelity=1e-3, max_layers=found.layers - 1)


def test_a_miss_names_the_samples_and_the_fidelities(rng):
    easy = np.eye(16)[:3]
    states = np.concatenate([easy, unit_vectors(rng, 2, 4)])
    with pytest.raises(QmuError, match=r"2 of 5 samples miss 0.01 with 1 .* worst 0\.\d+, median"):
        mps_embedding.embed(states, layers=1, max_infidelity=0.01)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_sample_does_not_depend_on_the_others(rng, monkeypatch, size):
    states = unit_vectors(rng, 70, 5)
    states[3] = np.eye(32)[9]
    together = mps_embedding.embed(states, layers=2, max_infidelity=1.0, sweeps=3)
    monkeypatch.setattr(mps_embedding, "BLOCK", size)
    chosen = [3, 66, 11, 40, 41, 42, 5, 69]
    apart = mps_embedding.embed(states[chosen], layers=2, max_infidelity=1.0, sweeps=3)
    np.testing.assert_array_equal(apart.angles, together.angles[chosen])
    np.testing.assert_array_equal(apart.fidelity, together.fidelity[chosen])


def test_searching_gives_what_the_fixed_number_of_layers_gives(rng):
    states = unit_vectors(rng, 20, 4)
    found = mps_embedding.embed(states, max_infidelity=0.01)
    fixed = mps_embedding.embed(states, layers=found.layers, max_infidelity=0.01)
    assert found.layers > 1
    np.testing.assert_array_equal(found.angles, fixed.angles)


@pytest.mark.parametrize("wires", [2, 5, 8])
def test_a_block_acts_on_its_pair(rng, wires):
    states = unit_vectors(rng, 3, wires)
    others = unit_vectors(rng, 3, wires)
    blocks = rng.normal(size=(3, 4, 4))
    for pair in range(wires - 1):
        before, behind = np.eye(2**pair), np.eye(2 ** (wires - pair - 2))
        whole = np.stack([np.kron(np.kron(before, block), behind) for block in blocks])
        expected = np.einsum("nab,nb->na", whole, states)
        np.testing.assert_allclose(mps_sweeps.apply(blocks, states, pair), expected, atol=1e-13)
        environment = mps_sweeps._environment(others, states, pair)
        overlaps = np.einsum("na,na->n", others, expected)
        np.testing.assert_allclose(np.sum(environment * blocks, axis=(1, 2)), overlaps, atol=1e-13)


def test_more_sweeps_come_closer(rng):
    states = np.abs(np.cumsum(rng.normal(size=(30, 64)), axis=1))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    few, many = (
        mps_embedding.embed(states, layers=2, max_infidelity=1.0, sweeps=sweeps).fidelity
        for sweeps in (1, 30)
    )
    assert np.mean(many) > np.mean(few)
    assert np.all(many > few - 1e-3)
