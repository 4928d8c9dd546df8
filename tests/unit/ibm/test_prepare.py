"""One job for all samples: layout, digest, cost, and the report of the signal."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hardware_example import CIRCUIT, angles, backend, job, states
from pydantic import ValidationError
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.errors import QmuError
from qmu.ibm import backends, cost, local, primitives
from qmu.ibm.prepare import digest, prepare
from qmu.ibm.settings import Settings
from qmu.studies import signal


def test_eight_qubits_on_a_line_of_a_real_layout(rng):
    circuit = u3_cnot_ring.circuit(8, 2)
    inputs = np.cumsum(rng.normal(size=(2, 256)), axis=1)
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    weights = rng.normal(size=circuit.parameters)
    torino = backends.backend("FakeTorino")
    settings = Settings(layers=1, max_infidelity=1.0, compact=True, transpiler_seeds=2)
    prepared = prepare(circuit, weights, inputs, torino, settings)
    isa, values, shots = prepared.pub
    used = {isa.find_bit(qubit).index for entry in isa.data for qubit in entry.qubits}
    assert len(used) == 8
    assert values.shape == (2, len(isa.parameters))
    assert shots == 4096
    assert prepared.layers == 1
    assert 0.3 < prepared.product_of_fidelities < 0.9
    # Without noise only the embedding's infidelity is left.
    tree = prepare(circuit, weights, inputs, torino, Settings(embedding="tree", transpiler_seeds=1))
    gap = np.abs(
        local.expectations(prepared, torino, noisy=False)
        - local.expectations(tree, torino, noisy=False)
    )
    assert gap.max() <= 2 * np.sqrt(1 - prepared.fidelity.min()) + 1e-9
    assert prepared.two_qubit_gates < tree.two_qubit_gates / 2


def test_more_seeds_never_need_more_gates():
    assert job(transpiler_seeds=6).two_qubit_gates <= job(transpiler_seeds=1).two_qubit_gates


def test_the_best_line_avoids_bad_qubits():
    from qmu.ibm.lines import best_line

    torino = backends.backend("FakeTorino")
    line = best_line(torino, 8, 100)
    errors = [torino.target["measure"][(qubit,)].error for qubit in line]
    all_ = [entry.error for entry in torino.target["measure"].values()]
    pairs = {frozenset(edge) for edge in torino.coupling_map.get_edges()}
    assert len(set(line)) == 8
    assert all(frozenset(pair) in pairs for pair in itertools.pairwise(line))
    assert np.mean(errors) < np.median(all_)
    with pytest.raises(QmuError, match="no line of 6"):
        best_line(backend(), 6, 10)


def test_the_digest_is_of_everything_that_matters():
    base = (CIRCUIT, angles(), states(), "one", Settings())
    others = [
        (u3_cnot_ring.circuit(3, 1), *base[1:]),
        (CIRCUIT, angles() + 1e-6, *base[2:]),
        (*base[:2], states()[::-1], *base[3:]),
        (*base[:2], -states(), *base[3:]),
        (*base[:3], "two", Settings()),
        (*base[:4], Settings(shots=1)),
        (*base[:4], Settings(options={"twirling": {"enable_gates": True}})),
    ]
    found = [digest(*arguments) for arguments in [base, *others]]
    assert len(set(found)) == len(found)
    assert digest(CIRCUIT, angles() + 1e-13, states(), "one", Settings()) == found[0]
    assert (
        job().digest
        == job().digest
        == digest(
            CIRCUIT,
            angles(),
            states(),
            backend().name,
            Settings(embedding="tree", transpiler_seeds=2, shots=300),
        )
    )


@pytest.mark.parametrize("primitive", ["sampler", "estimator"])
def test_the_cost_is_known_before_anything_is_sent(primitive):
    found = job(shots=1000, primitive=primitive).cost
    assert (found.samples, found.shots, found.executions) == (4, 1000, 4000)
    assert found.circuit_seconds > 1e-6
    # FakeManila waits 250 us between executions.
    expected = 4000 * (found.circuit_seconds + 250e-6) + cost.JOB_OVERHEAD
    assert found.qpu_seconds == pytest.approx(expected)
    assert found.payload_bytes > 1000
    assert str(found).startswith("4 samples x 1,000 shots, 4,000 circuit executions, about ")
    assert "\n" not in str(found)


def test_options_that_cost_more_are_counted():
    base = job(primitive="estimator").cost
    for options in ({"resilience_level": 2}, {"resilience": {"zne_mitigation": True}}):
        assert job(primitive="estimator", options=options).cost.executions == 3 * base.executions
        assert 3 * cost.samples_per_job(300, options) <= cost.samples_per_job(300)
    slower = job(options={"execution": {"rep_delay": 1e-3}}).cost
    added = slower.qpu_seconds - job().cost.qpu_seconds
    assert added == pytest.approx(base.executions * 750e-6)


def test_every_basis_of_measurement_is_counted():
    from qiskit.quantum_info import SparsePauliOp

    isa, _, values, precision = job(primitive="estimator").pub
    labels = ["ZIIII", "IZIII", "XIIII", "IYIII", "IIIII"]
    pub = (isa, [[SparsePauliOp(label)] for label in labels], values.reshape(4, -1), precision)
    settings = Settings(primitive="estimator", shots=300)
    found = cost.estimate(primitives.coerce(pub, settings), backend(), settings)
    # X and Y fit into one basis, both Z into the other.
    assert found.executions == 2 * 4 * 300


def test_a_circuit_without_known_durations_is_judged_by_its_depth():
    from types import SimpleNamespace

    from qiskit.transpiler import Target

    isa = job().pub[0]
    silent = SimpleNamespace(target=Target(num_qubits=5))
    assert cost.circuit_seconds(isa, silent) == pytest.approx(0.5e-6 * isa.depth())
    assert cost.repetition_delay(silent, {}) == 250e-6


@pytest.mark.parametrize(("samples", "shots"), [(1, 1), (500, 4096), (2442, 4096), (7, 10**6)])
def test_jobs_stay_below_the_limit(samples, shots):
    parts = cost.parts(samples, shots)
    sizes = [part.stop - part.start for part in parts]
    assert sum(sizes) == samples
    found = cost.Cost(max(sizes), shots, max(sizes) * shots, 1e-6, 3.0, 1000)
    found.check()
    one_more = cost.Cost(1, 1, cost.MAX_EXECUTIONS + 1, 1e-6, 3.0, 1000)
    with pytest.raises(QmuError, match=r"needs 10,000,001 .* IBM accepts 10,000,000"):
        one_more.check()


def test_unknown_backends_and_settings_are_named():
    with pytest.raises(QmuError, match="fakemanila"):
        backends.backend("FakeManilla")
    with pytest.raises(QmuError, match="needs an IBM Quantum account"):
        backends.backend("ibm_torino")
    with pytest.raises(ValidationError, match="tree is exact"):
        Settings(embedding="tree", layers=2)
    wide = u3_cnot_ring.circuit(6, 1)
    with pytest.raises(QmuError, match="has 5 qubits, the circuit 6"):
        prepare(wide, np.zeros(18), states(2, 6), backend(), Settings(embedding="tree"))


def test_the_signal_report_orders_the_embeddings(rng):
    head = np.random.default_rng(1).normal(size=(3, 2))
    shown, others = states(8)[:4], states(8)[4:]
    case = signal.SignalTarget(
        "toy", CIRCUIT, angles(), shown, np.zeros(4), others, lambda z: z @ head
    )
    choices = [
        Settings(embedding="tree", transpiler_seeds=1),
        Settings(layers=1, max_infidelity=1.0, transpiler_seeds=1),
    ]
    exact = signal.ideal(case)
    tree, mps = (signal.row(case, exact, backend(), choice, rng) for choice in choices)
    assert tree["fidelity_min"] == 1 == pytest.approx(mps["fidelity_min"])
    assert tree["accuracy_embedded"] == tree["accuracy_ideal"]
    assert 0.2 < tree["slope"] < 1
    assert tree["shots_factor"] == pytest.approx(1 / tree["slope"] ** 2)
    assert tree["correlation"] > mps["correlation"]


def test_importing_the_package_imports_no_qiskit():
    code = (
        "import sys, qmu.ibm, qmu.ibm.backends, qmu.studies.signal, "
        "qmu.ibm.decode, qmu.ibm.local\n"
        "print({'qiskit', 'qiskit_aer', 'jax', 'pennylane', 'pyarrow'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
