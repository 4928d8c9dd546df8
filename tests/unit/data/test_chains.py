"""Spin chains: energies by three routes, and the phases by their order parameters."""

from functools import reduce

import numpy as np
import pytest
from qmu.data.chains import around, ground_state, hamiltonian
from qmu.data.sets import cluster_ising, xxz

I2, X, Z = np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1.0])
Y = np.array([[0, -1j], [1j, 0]])


def product(qubits, **factors):
    """A Kronecker product, qubit 0 first; ``q3=X`` puts X on qubit 3."""
    return reduce(np.kron, [factors.get(f"q{i}", I2) for i in range(qubits)])


def dense_xxz(qubits, delta):
    total = 0
    for i in range(qubits - 1):
        for matrix, weight in ((X, 1), (Y, 1), (Z, delta)):
            total = total + weight * product(qubits, **{f"q{i}": matrix, f"q{i + 1}": matrix})
    return total


def dense_cluster(qubits, field):
    total = 0
    for i in range(qubits):
        left, right = (i - 1) % qubits, (i + 1) % qubits
        total = total - product(qubits, **{f"q{left}": Z, f"q{i}": X, f"q{right}": Z})
        total = total - field * product(qubits, **{f"q{i}": X})
    return total


def of_xxz(qubits, delta):
    matrix = hamiltonian(qubits, xxz.terms(qubits, delta))
    return ground_state(matrix, xxz.staggered(qubits))


def of_cluster(qubits, field):
    matrix = hamiltonian(qubits, cluster_ising.terms(qubits, field))
    return ground_state(matrix, np.full(2**qubits, 2.0 ** (-qubits / 2)))


def mean(state, qubits, **factors):
    return float(np.real(state @ product(qubits, **factors) @ state))


def free_fermions(qubits, field):
    """The cluster chain on a ring: momenta of the sector with an even number of flips."""
    momenta = (2 * np.arange(qubits) + 1) * np.pi / qubits
    return -np.sqrt(1 + field**2 - 2 * field * np.cos(2 * momenta)).sum()


@pytest.mark.parametrize("qubits", [4, 6])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, 1.7])
@pytest.mark.parametrize(
    ("module", "dense", "found"),
    [(xxz, dense_xxz, of_xxz), (cluster_ising, dense_cluster, of_cluster)],
    ids=["xxz", "cluster_ising"],
)
def test_operators_and_ground_states_equal_dense_diagonalisation(
    qubits, value, module, dense, found
):
    expected = dense(qubits, value)
    matrix = hamiltonian(qubits, module.terms(qubits, value)).toarray()
    np.testing.assert_allclose(matrix, expected, atol=1e-14)
    energies, states = np.linalg.eigh(expected)
    energy, state = found(qubits, value)
    assert energy == pytest.approx(energies[0], abs=1e-8)
    # Unique, so that its label and its amplitudes are no accident of the solver.
    assert energies[1] - energies[0] > 0.1
    assert abs(np.vdot(states[:, 0], state)) ** 2 == pytest.approx(1, abs=1e-10)
    assert np.linalg.norm(state) == pytest.approx(1)


@pytest.mark.parametrize("qubits", [4, 8, 12])
def test_energy_of_the_free_xx_chain(qubits):
    modes = 4 * np.cos(np.pi * np.arange(1, qubits + 1) / (qubits + 1))
    assert of_xxz(qubits, 0.0)[0] == pytest.approx(modes[modes < 0].sum(), abs=1e-8)


def test_energy_of_four_spins_of_heisenberg():
    assert of_xxz(4, 1.0)[0] == pytest.approx(-(3 + 2 * np.sqrt(3)), abs=1e-8)


@pytest.mark.parametrize("qubits", [4, 6, 8, 10])
@pytest.mark.parametrize("field", [0.0, 0.3, 0.9, 1.1, 2.0])
def test_energy_of_the_cluster_chain_by_free_fermions(qubits, field):
    assert of_cluster(qubits, field)[0] == pytest.approx(free_fermions(qubits, field), abs=1e-8)


@pytest.mark.parametrize("field", [0.25, 0.8])
def test_the_cluster_chain_maps_to_itself_across_the_boundary(field):
    """E(h) = h E(1/h): whatever happens at h happens at 1/h, so the boundary is at 1."""
    there = of_cluster(8, 1 / field)[0]
    assert of_cluster(8, field)[0] == pytest.approx(field * there, abs=1e-8)


@pytest.mark.parametrize("delta", [0.2, 0.9, 0.99, 1.0, 1.01, 1.1, 1.9])
def test_the_antiferromagnet_begins_where_spins_correlate_most_in_z(delta):
    """By SU(2) symmetry both correlations are equal at Delta = 1 alone."""
    state = of_xxz(8, delta)[1]
    in_x, in_z = (abs(mean(state, 8, q2=p, q5=p)) for p in (X, Z))
    if delta == 1.0:
        assert in_z == pytest.approx(in_x, abs=1e-9)
    else:
        assert (in_z > in_x) == (delta > xxz.BOUNDARY)


def string_order(state):
    """Z X 1 X 1 X Z: products of stabilisers of the cluster state."""
    return mean(state, 8, q0=Z, q1=X, q3=X, q5=X, q6=Z)


def disorder(state):
    """X 1 X 1 X: what string order becomes under the map from h to 1/h."""
    return mean(state, 8, q1=X, q3=X, q5=X)


@pytest.mark.parametrize("field", [0.0, 0.5, 0.9, 1.1, 2.0])
def test_the_cluster_phase_is_where_string_order_is(field):
    state = of_cluster(8, field)[1]
    assert (string_order(state) > disorder(state)) == (field < cluster_ising.BOUNDARY)
    if field == 0.0:
        assert string_order(state) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("module", [xxz, cluster_ising])
def test_rows_stand_beside_the_boundary_and_their_states_have_their_energy(module):
    config = module.Config(qubits=4, rows=21, margin=0.2)
    values, data = module.control(config), module.load(config)
    assert np.all(np.abs(values - module.BOUNDARY) >= 0.2 - 1e-12)
    assert (values.min(), values.max()) == (module.LOWEST, module.HIGHEST)
    assert np.all(np.diff(values) > 0)
    assert abs(2 * int(data.labels.sum()) - 21) == 1
    np.testing.assert_allclose(np.linalg.norm(data.inputs, axis=1), 1)
    assert len(np.unique(np.round(data.inputs.real, 9), axis=0)) == 21
    for value, label, state in zip(values, data.labels, data.inputs, strict=True):
        assert label == ((value > 1) if module is xxz else (value < 1))
        matrix = hamiltonian(4, module.terms(4, value)).toarray()
        assert np.vdot(state, matrix @ state).real == pytest.approx(
            np.linalg.eigvalsh(matrix)[0], abs=1e-8
        )


def test_neighbouring_rows_are_nearly_the_same_state():
    """The sign is fixed, and no row is another state of nearly the same energy."""
    states = xxz.load(xxz.Config(qubits=6, rows=40)).inputs.real
    overlaps = np.sum(states[1:] * states[:-1], axis=1)
    assert overlaps.min() > 0.99


def test_around_leaves_a_margin():
    assert around(1.0, 0.0, 2.0, 0.5, 5).tolist() == [0.0, 0.5, 1.5, 1.75, 2.0]


@pytest.mark.parametrize("module", [xxz, cluster_ising])
def test_more_states_than_memory_holds_are_refused(module):
    assert module.Config(qubits=16, rows=512).rows == 512
    with pytest.raises(ValueError, match="rows: at most 512 states of 16 qubits"):
        module.Config(qubits=16, rows=513)


@pytest.mark.parametrize("module", [xxz, cluster_ising])
def test_an_odd_chain_is_refused(module):
    with pytest.raises(ValueError, match="multiple of 2"):
        module.Config(qubits=7)
