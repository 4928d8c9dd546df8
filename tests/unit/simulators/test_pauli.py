"""Noisy circuits in the Heisenberg picture, against PennyLane's density matrices and by theory.

The channels of the reference are written here once more, from the description of the noise and
not from ``NoiseModel.placement``.
"""

import tracemalloc

import circuit_reference as reference
import numpy as np
import pennylane as qml
import pytest
from qmu.circuits.angles import angle_values
from qmu.circuits.ansatz import qcnn, u3_cnot_ring
from qmu.circuits.circuit import Circuit, Feature, Operation, Parameter
from qmu.circuits.noise import NoiseModel
from qmu.simulators.choose import expectation_function
from qmu.simulators.pauli import engine as pauli_heisenberg
from qmu.simulators.pauli.engine import NoisyCircuit, predicted_bytes

STRONG = {"depolarizing_single": 0.02, "depolarizing_pair": 0.07, "bit_flip": 0.05}


def gate_noise(wires, noise):
    strength = noise.depolarizing_single if len(wires) == 1 else noise.depolarizing_pair
    for wire in wires:
        qml.DepolarizingChannel(noise.scale * strength, wires=wire)


def readout_only(circuit, parameters, noise):
    for operation in circuit.operations:
        angles = angle_values(operation, parameters, None)
        getattr(qml, operation.name)(*angles, wires=operation.wires)
        gate_noise(operation.wires, noise)
    for wire in range(circuit.wires):
        qml.BitFlip(noise.scale * noise.bit_flip, wires=wire)


def official(circuit, parameters, noise):
    wires = circuit.wires
    for layer in parameters.reshape(-1, wires, 3):
        for wire in range(wires):
            qml.U3(*layer[wire], wires=wire)
            gate_noise((wire,), noise)
        for wire in range(wires - 1):
            qml.CNOT(wires=(wire, wire + 1))
            gate_noise((wire, wire + 1), noise)
        qml.CNOT(wires=(wires - 1, 0))
        gate_noise((wires - 2, wires - 1), noise)
        for wire in range(wires):
            qml.BitFlip(noise.scale * noise.bit_flip, wires=wire)


def density_matrices(circuit, parameters, states, noise):
    """<Z> (n, K) and probabilities (n, 2**wires) from ``default.mixed``, state by state."""

    @qml.qnode(qml.device("default.mixed", wires=circuit.wires))
    def node(state):
        qml.StatePrep(state, wires=range(circuit.wires))
        (official if noise.mode == "official" else readout_only)(circuit, parameters, noise)
        values = [qml.expval(qml.PauliZ(wire)) for wire in circuit.measured]
        return [*values, qml.probs(wires=range(circuit.wires))]

    rows = [node(state) for state in states]
    return np.array([row[:-1] for row in rows]), np.array([row[-1] for row in rows])


def compare(circuit, parameters, states, noise):
    noisy = NoisyCircuit(circuit, noise)
    values, probabilities = density_matrices(circuit, parameters, states, noise)
    np.testing.assert_allclose(noisy.expectations(parameters, states), values, atol=1e-10)
    found = noisy.probabilities(parameters, states)
    np.testing.assert_allclose(found, probabilities, atol=1e-10)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert found.min() > -1e-12


def ring(rng, wires, layers, batch=3, complex_=False):
    circuit = u3_cnot_ring.circuit(wires, layers)
    parameters = rng.uniform(-np.pi, np.pi, circuit.parameters)
    return circuit, parameters, reference.random_inputs(rng, circuit, batch, complex_=complex_)


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("wires", [2, 3, 4, 5])
def test_any_gates_agree_with_density_matrices(rng, wires, complex_):
    circuit = reference.random_circuit(rng, wires, 40, "amplitude")
    parameters = rng.normal(size=circuit.parameters)
    states = reference.random_inputs(rng, circuit, 3, complex_=complex_)
    compare(circuit, parameters, states, NoiseModel(**STRONG))


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("mode", ["official", "readout_only"])
@pytest.mark.parametrize(("wires", "layers"), [(2, 2), (3, 3), (4, 1), (5, 2)])
def test_the_ansatz_agrees_with_density_matrices(rng, mode, wires, layers, complex_):
    noise = NoiseModel(mode=mode, **STRONG, scale=0.5)
    compare(*ring(rng, wires, layers, complex_=complex_), noise)


def test_the_modes_differ(rng):
    circuit, parameters, states = ring(rng, 3, 2)
    values = [
        NoisyCircuit(circuit, NoiseModel(mode=mode)).expectations(parameters, states)
        for mode in ("official", "readout_only")
    ]
    assert np.abs(values[0] - values[1]).max() > 1e-3


@pytest.mark.parametrize("mode", ["official", "readout_only"])
@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
def test_without_noise_it_is_the_pure_simulation(rng, mode, complex_):
    circuit, parameters, states = ring(rng, 6, 3, batch=20, complex_=complex_)
    noisy = NoisyCircuit(circuit, NoiseModel(mode=mode, scale=0.0))
    pure = expectation_function(circuit, device="default.qubit")(parameters, states)
    np.testing.assert_allclose(noisy.expectations(parameters, states), pure, atol=1e-12)


def test_a_circuit_with_pair_gates_agrees_with_the_pure_simulation(rng):
    source = qcnn.circuit("U6")
    operations = tuple(
        operation
        for operation in source.operations
        if not any(isinstance(angle, Feature) for angle in operation.angles)
    )
    circuit = Circuit(8, "amplitude", operations, source.measured, source.parameters)
    parameters = rng.normal(size=circuit.parameters)
    states = reference.random_inputs(rng, circuit, 2)
    pure = reference.values(circuit, parameters, states)
    noisy = NoisyCircuit(circuit, NoiseModel(scale=0.0))
    np.testing.assert_allclose(noisy.expectations(parameters, states), pure, atol=1e-12)


def test_one_channel_shrinks_z_as_published(rng):
    rotation = Circuit(1, "amplitude", (Operation("RY", (0,), (Parameter(0),)),), (0,), 1)
    states, angle = np.array([[1.0, 0.0]]), np.array([0.7])
    quiet = {"depolarizing_single": 0.0, "bit_flip": 0.0}
    for change, factor in (({"depolarizing_single": 0.06}, 1 - 0.08), ({"bit_flip": 0.01}, 0.98)):
        noisy = NoisyCircuit(rotation, NoiseModel(**{**quiet, **change}))
        assert noisy.expectations(angle, states)[0, 0] == pytest.approx(factor * np.cos(0.7))


@pytest.mark.parametrize("channel", ["depolarizing_single", "depolarizing_pair", "bit_flip"])
def test_total_noise_gives_the_uniform_distribution(rng, channel):
    circuit, parameters, states = ring(rng, 4, 2)
    noise = NoiseModel(**{channel: 0.5 if channel == "bit_flip" else 0.75})
    noisy = NoisyCircuit(circuit, noise)
    np.testing.assert_allclose(noisy.probabilities(parameters, states), 1 / 16, atol=1e-14)
    np.testing.assert_allclose(noisy.expectations(parameters, states), 0, atol=1e-14)


def test_no_operations_and_wires_in_any_order(rng):
    circuit = Circuit(3, "amplitude", (), (2, 0), 0)
    states = reference.random_inputs(rng, circuit, 4, complex_=True)
    noisy = NoisyCircuit(circuit, NoiseModel(bit_flip=0.0))
    np.testing.assert_allclose(noisy.probabilities(np.zeros(0), states), np.abs(states) ** 2)
    expected = reference.values(circuit, np.zeros(0), states)
    np.testing.assert_allclose(noisy.expectations(np.zeros(0), states), expected, atol=1e-14)


def test_sign_and_global_phase_of_a_state_do_not_matter(rng):
    circuit, parameters, states = ring(rng, 4, 2)
    noisy = NoisyCircuit(circuit, NoiseModel())
    values = noisy.expectations(parameters, states)
    np.testing.assert_array_equal(noisy.expectations(parameters, -states), values)
    turned = noisy.expectations(parameters, np.exp(0.3j) * states)
    np.testing.assert_allclose(turned, values, atol=1e-14)


def test_single_precision_is_close_and_stays_single(rng):
    circuit, parameters, states = ring(rng, 6, 5, batch=50)
    for method in ("expectations", "probabilities"):
        single, double = (
            getattr(NoisyCircuit(circuit, NoiseModel(), precision), method)(parameters, states)
            for precision in ("single", "double")
        )
        assert single.dtype == np.float32
        assert double.dtype == np.float64
        np.testing.assert_allclose(single, double, atol=3e-6)


def test_rounding_errors_do_not_become_subnormal_numbers(rng):
    """They would in single precision, as products of several, and slow everything down."""
    circuit, parameters, _ = ring(rng, 6, 2)
    propagation = NoisyCircuit(circuit, NoiseModel(), "single")._propagation
    found = np.abs(propagation.run(propagation.bind(parameters), np.arange(4**6 - 64, 4**6)))
    assert not ((found > 0) & (found < np.finfo(np.float32).tiny)).any()


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
def test_memory_splits_the_observables_and_changes_nothing(rng, complex_):
    circuit, parameters, states = ring(rng, 5, 2, batch=40, complex_=complex_)
    whole = NoisyCircuit(circuit, NoiseModel()).probabilities(parameters, states)
    tight = predicted_bytes(5, 40, 32, block=4, complex_states=complex_)
    split = NoisyCircuit(circuit, NoiseModel(), memory=tight)
    np.testing.assert_allclose(split.probabilities(parameters, states), whole, atol=1e-14)
    with pytest.raises(ValueError, match="noise on 5 qubits for 40 images needs"):
        NoisyCircuit(circuit, NoiseModel(), memory=10_000).expectations(parameters, states)


@pytest.mark.parametrize(
    ("wires", "images", "complex_", "block"),
    [(6, 1500, False, 16), (6, 1500, True, 64), (7, 10, False, 32), (7, 10, True, 128)],
)
def test_the_predicted_memory_holds_what_is_used(rng, monkeypatch, wires, images, complex_, block):
    monkeypatch.setattr(pauli_heisenberg, "LARGEST_BLOCK", block)
    circuit, parameters, states = ring(rng, wires, 2, batch=images, complex_=complex_)
    predicted = predicted_bytes(wires, images, 2**wires, block=block, complex_states=complex_)
    assert 0.3 * predicted < peak_bytes(circuit, parameters, states) < predicted


def test_the_predicted_memory_holds_for_pair_gates(rng, monkeypatch):
    monkeypatch.setattr(pauli_heisenberg, "LARGEST_BLOCK", 32)
    gates = tuple(Operation("CRX", pair, (0.3,)) for pair in ((0, 1), (3, 2), (5, 6), (6, 0)))
    circuit = Circuit(7, "amplitude", gates, (0,), 0)
    used = peak_bytes(circuit, np.zeros(0), reference.random_inputs(rng, circuit, 10))
    predicted = predicted_bytes(7, 10, 128, block=32, pair_gates=True)
    assert 0.3 * predicted < used < predicted


def peak_bytes(circuit, parameters, states):
    noisy = NoisyCircuit(circuit, NoiseModel())
    tracemalloc.start()
    try:
        noisy.probabilities(parameters, states)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_call_repeats_bit_for_bit_and_changes_no_argument(rng):
    circuit, parameters, states = ring(rng, 5, 2, batch=30)
    noisy = NoisyCircuit(circuit, NoiseModel())
    before = parameters.copy(), states.copy()
    first = noisy.probabilities(parameters, states)
    np.testing.assert_array_equal(
        NoisyCircuit(circuit, NoiseModel()).probabilities(parameters, states), first
    )
    noisy.probabilities(parameters + 1, states)
    np.testing.assert_array_equal(noisy.probabilities(parameters, states), first)
    np.testing.assert_array_equal(parameters, before[0])
    np.testing.assert_array_equal(states, before[1])


def test_wrong_arguments_are_refused(rng):
    circuit, parameters, states = ring(rng, 3, 1)
    noisy = NoisyCircuit(circuit, NoiseModel())
    with pytest.raises(ValueError, match="parameters have shape"):
        noisy.expectations(parameters[:-1], states)
    with pytest.raises(ValueError, match="states have shape"):
        noisy.expectations(parameters, states[:, :4])
    for wrong in (0 * states, 1.1 * states, np.full_like(states, np.nan)):
        with pytest.raises(ValueError, match="norm 1"):
            noisy.probabilities(parameters, wrong)
    with pytest.raises(ValueError, match="precision"):
        NoisyCircuit(circuit, NoiseModel(), "half")
    on_data = (Operation("RX", (0,), (Feature(0),)),)
    for wrong in (
        Circuit(2, "angle", (), (0,), 0),
        Circuit(2, "amplitude", on_data, (0,), 0),
    ):
        with pytest.raises(ValueError, match="as amplitudes only"):
            NoisyCircuit(wrong, NoiseModel())
    with pytest.raises(ValueError, match="no engine simulates Toffoli"):
        NoisyCircuit(
            Circuit(3, "amplitude", (Operation("Toffoli", (0, 1, 2)),), (0,), 0), NoiseModel()
        )
