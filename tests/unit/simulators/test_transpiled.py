"""The simulation of a backend's noise is Aer's, and results are read as the client returns them."""

from functools import reduce

import numpy as np
import pytest
from hardware_example import CIRCUIT, SAMPLES, WIRES, angles, backend, job, states
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime import EstimatorV2, SamplerV2
from qmu.errors import QmuError
from qmu.ibm import decode, local
from qmu.simulators.choose import expectation_function
from qmu.simulators.transpiled import components
from qmu.simulators.transpiled import engine as simulate
from qmu.simulators.transpiled import noise as aer_noise


def aer_probabilities(isa, values, qubits):
    """Aer's density matrices with the noise of gates; the first qubit is the slowest bit."""
    bare = isa.copy_empty_like()
    for instruction in isa.data:
        if instruction.operation.name not in ("measure", "barrier"):
            bare.append(instruction)
    bare.save_probabilities(qubits=qubits[::-1])
    simulator = AerSimulator(
        method="density_matrix", noise_model=aer_noise.noise_model(backend()), fusion_enable=False
    )
    bound = [bare.assign_parameters(dict(zip(isa.parameters, row, strict=True))) for row in values]
    result = simulator.run(bound).result()
    return np.array([result.data(number)["probabilities"] for number in range(len(values))])


@pytest.mark.parametrize("embedding", [{"embedding": "tree"}, {"embedding": "mps", "layers": 2}])
def test_noisy_probabilities_are_those_of_aer(embedding):
    prepared = job(**embedding, max_infidelity=0.5)
    isa, values, _ = prepared.pub
    qubits = local._physical(prepared)
    found, neglected = local.probabilities(prepared, backend(), exact=True)
    gates = aer_noise.noisy_gates(backend())
    readout = reduce(np.kron, [gates.readout(qubit) for qubit in qubits])
    expected = aer_probabilities(isa, values, qubits) @ readout
    assert neglected == 0
    # Aer drops terms of this size when it combines channels.
    np.testing.assert_allclose(found, expected, atol=1e-7)
    clean, _ = local.probabilities(prepared, backend(), noisy=False)
    assert np.abs(found - clean).max() > 0.01


@pytest.mark.parametrize("settings", [{}, {"fold": True}, {"primitive": "estimator"}])
def test_without_noise_a_job_is_the_circuit(settings):
    expected = expectation_function(CIRCUIT, device="default.qubit")(angles(), states())
    found = local.expectations(job(**settings), backend(), noisy=False)
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize(("size", "together"), [(1, 1), (2**15, 3), (2**19, 2)])
def test_no_sample_depends_on_the_others(monkeypatch, size, together):
    prepared = job()
    expected, _ = local.probabilities(prepared, backend())
    monkeypatch.setattr(simulate, "BLOCK_BYTES", size)
    monkeypatch.setattr(simulate, "TOGETHER", together)
    found, _ = local.probabilities(prepared, backend())
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("pair", [(3, 1), (1, 3), (0, 3), (3, 0), (2, 0), (0, 2), (1,), (2,)])
def test_a_step_acts_on_its_qubits_wherever_they_stand(rng, pair):
    state = components.Components(2)
    state.qubits, state.values = [1, 3, 0, 2], rng.normal(size=(2, 4**4))
    tensor = state.values.reshape(2, 4, 4, 4, 4)
    matrix = rng.normal(size=(2, 4 ** len(pair), 4 ** len(pair)))
    state.apply(pair, matrix)
    axes = [1 + [1, 3, 0, 2].index(qubit) for qubit in pair[::-1]]
    last = np.moveaxis(tensor, axes, range(5 - len(pair), 5)).reshape(2, -1, 4 ** len(pair))
    expected = np.einsum("nab,nkb->nka", matrix, last).reshape(2, 4, 4, 4, 4)
    expected = np.moveaxis(expected, range(5 - len(pair), 5), axes)
    found = state.values.reshape(2, 4, 4, 4, 4)
    found = np.moveaxis(found, [1 + state.qubits.index(q) for q in (1, 3, 0, 2)], [1, 2, 3, 4])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_routing_qubit_is_taken_as_fresh_with_little_error(rng):
    circuit = QuantumCircuit(5, 2)
    for layer in range(3):
        circuit.sx([0, 1])
        circuit.cx(0, 1)
        for pair in ((1, 2), (2, 3), (3, 2), (2, 1)):
            circuit.swap(*pair)
        circuit.rz(0.7 + layer, 1)
        circuit.sx(1)
    isa = _on_manila(circuit)
    noise = aer_noise.noisy_gates(backend())
    whole, nothing = simulate.distributions(isa, np.zeros((1, 0)), [0, 1], noise, exact=True)
    found, neglected = simulate.distributions(isa, np.zeros((1, 0)), [0, 1], noise)
    assert nothing == 0 < neglected < 0.2
    np.testing.assert_allclose(found, whole, atol=1e-3)


def _on_manila(circuit):
    from qiskit import transpile

    return transpile(
        circuit, backend(), initial_layout=list(range(5)), optimization_level=0, seed_transpiler=0
    )


@pytest.mark.parametrize(
    ("settings", "primitive"), [({}, SamplerV2), ({"primitive": "estimator"}, EstimatorV2)]
)
def test_results_of_the_real_client_are_decoded(settings, primitive):
    prepared = job(**settings, shots=2000)
    client = primitive(backend(), options={"simulator": {"seed_simulator": 7}})
    values, errors = decode.expectations(client.run([prepared.pub]).result(), prepared)
    expected = local.expectations(prepared, backend())
    assert values.shape == errors.shape == (SAMPLES, WIRES)
    assert np.all(errors < 0.03)
    allowed = 5 * errors + (0.15 if settings else 0)  # the client's estimator corrects readout
    assert np.all(np.abs(values - expected) < allowed)


@pytest.mark.parametrize("settings", [{}, {"fold": True}, {"primitive": "estimator"}])
def test_local_shots_scatter_as_their_errors_say(rng, settings):
    prepared = job(**settings, shots=500)
    chances, _ = local.probabilities(prepared, backend())
    expected = local.parities(chances, prepared)
    scores = []
    for _ in range(40):
        result = local.sampled(prepared, chances, rng)
        values, errors = decode.expectations(result, prepared)
        scores.append((values - expected) / errors)
    assert np.mean(np.square(scores)) == pytest.approx(1, abs=0.25)


def test_too_many_qubits_are_refused(monkeypatch):
    monkeypatch.setattr(components, "MAX_QUBITS", 2)
    with pytest.raises(QmuError, match="compact"):
        local.expectations(job(), backend())


def test_results_of_other_jobs_are_refused(rng):
    prepared = job()
    result = local.run(prepared, backend(), rng)
    with pytest.raises(QmuError, match="no list"):
        decode.expectations(None, prepared)
    with pytest.raises(QmuError, match="no expectation values"):
        decode.expectations(result, job(primitive="estimator"))
    with pytest.raises(QmuError, match="300 shots a sample, expected 400"):
        decode.expectations(result, job(shots=400))
    values = local.run(job(primitive="estimator"), backend(), rng)
    with pytest.raises(QmuError, match="no bits"):
        decode.expectations(values, prepared)
    values[0].data.evs[1, 2] = np.nan
    with pytest.raises(QmuError, match="sample 1 has no finite"):
        decode.expectations(values, job(primitive="estimator"))


def test_the_noise_of_some_qubits_is_that_of_the_whole_backend():
    some = (1, 2, 3)
    part, whole = aer_noise.noise_model(backend(), some), aer_noise.noise_model(backend())
    for name, errors in whole._local_quantum_errors.items():
        expected = {place: error for place, error in errors.items() if set(place) <= set(some)}
        assert part._local_quantum_errors.get(name, {}) == expected
    for qubit in some:
        assert part._local_readout_errors[qubit,] == whole._local_readout_errors[qubit,]
    assert len(part._local_readout_errors) == len(some)
