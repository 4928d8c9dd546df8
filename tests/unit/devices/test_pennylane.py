"""Devices of kind pennylane: exact, sampled, noisy and remote ones, and what is refused."""

from __future__ import annotations

import hardware_example as example
import numpy as np
import pytest
import step_example
from fixtures import small_config
from qmu.circuits.circuit import Circuit, Feature, Operation
from qmu.config.parse import parse
from qmu.devices.images import Images, select
from qmu.devices.kinds import pennylane
from qmu.errors import ConfigError, QmuError
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.seeds import generator
from qmu.simulators.pennylane import expectations, maker
from qmu.simulators.transpiled.noise import noise_model
from qmu.steps.devices import evaluate_with
from qmu.steps.io.parameters import parameter_columns
from qmu.tables import parquet as tables

CLASSES, FEATURES, IMAGES = 3, 8, 80
FEW = {
    "train": 4,
    "test": 4,
    "validation": 0,
    "forget_train": 2,
    "forget_unseen": 1,
}
TRAINING = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 8, "epochs": 1, "loss": "ce"}
MODEL = {
    "component": "basic_qnn",
    "settings": {"qubits": 3, "layers": 2, "training": TRAINING},
    "classes": CLASSES,
    "device": "default.qubit",
    "precision": "double",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pool, samples, parameters and the exact outputs of one seed."""
    folder = tmp_path_factory.mktemp("pennylane")
    rng = generator("tests", "pennylane")
    label = rng.integers(0, CLASSES, IMAGES)
    sample_id = np.arange(IMAGES)
    part = np.array(["train", "test", "validation", "unseen"])[rng.integers(0, 4, IMAGES)]
    split = [f"{'forget' if x == 1 else 'retain'}_{p}" for x, p in zip(label, part, strict=True)]
    sample = {"sample_id": sample_id, "label": label, "split": split, "forget": label == 1}
    pool = {
        "sample_id": sample_id,
        "label": label,
        "role": ["pool"] * IMAGES,
        "image": np.zeros((IMAGES, 4), np.uint8),
        "features": rng.normal(size=(IMAGES, FEATURES)) + label[:, None],
    }
    model = models.build(**MODEL)
    parameters = model.initial_parameters(rng)
    exact = sample | evaluate(model, parameters, pool["features"])
    columns = {"pool": pool, "samples": sample, "outputs": exact}
    columns["parameters"] = parameter_columns(parameters)
    for kind, values in columns.items():
        tables.write(folder / f"{kind}.parquet", kind, values, **step_example.STAMP)
    return {kind: str(folder / f"{kind}.parquet") for kind in columns}


def run(files, folder, name="on", **setting):
    """The outputs of a device with these settings."""
    settings = pennylane.Config(**{"images": FEW} | setting).model_dump(mode="json")
    spec = {
        "name": "basic_qnn",
        "variant": "target",
        "seed": 0,
        "device": name,
        "settings": settings,
        "model": MODEL,
    }
    path = folder / f"{name}.parquet"
    step_example.run("devices.evaluate_with", files, {"outputs": str(path)}, **spec)
    return tables.read(path, "outputs", experiment=step_example.EXPERIMENT)


def exact_of(files, table):
    """The exact outputs of the same images."""
    exact = tables.read(files["outputs"], "outputs", experiment=step_example.EXPERIMENT)
    rows = np.searchsorted(exact["sample_id"], table["sample_id"])
    return {name: column[rows] for name, column in exact.items()}


@pytest.mark.parametrize("device", ["default.qubit", "lightning.qubit", "qiskit.aer"])
def test_exact_devices_give_the_simulations_answers_on_the_chosen_images(files, tmp_path, device):
    found = run(files, tmp_path, device=device)
    exact = exact_of(files, found)
    chosen = select(
        *(tables.read(files["samples"], "samples")[name] for name in ("split", "sample_id")),
        Images(**FEW),
    )
    np.testing.assert_array_equal(found["sample_id"], chosen)
    assert 0 < len(chosen) < IMAGES
    for name in ("label", "split", "forget"):
        np.testing.assert_array_equal(found[name], exact[name])
    for name in ("expectation_values", "logits", "probabilities", "embedding_fidelity"):
        np.testing.assert_allclose(found[name], exact[name], atol=1e-10)


@pytest.mark.parametrize("device", ["default.qubit", "qiskit.aer"])
def test_shots_scatter_about_the_exact_values_image_by_image(files, tmp_path, device):
    first = run(files, tmp_path, device=device, shots=400)["expectation_values"]
    again = run(files, tmp_path, device=device, shots=400)
    other = run(files, tmp_path, "other", device=device, shots=400)["expectation_values"]
    np.testing.assert_array_equal(first, again["expectation_values"])
    assert not np.array_equal(first, other)
    exact = exact_of(files, again)["expectation_values"]
    scaled = (first - exact) / np.sqrt((1 - exact**2) / 400)
    assert 0.5 < scaled.std() < 1.6
    assert np.abs(scaled).max() < 5


def test_samples_of_equal_inputs_are_independent():
    states = np.repeat(example.states(1), 12, axis=0)
    make = maker("qiskit.aer", 3, {})
    rng = generator("tests", "independent")
    found = expectations(example.CIRCUIT, make, example.angles(), states, 100, rng)
    assert len(np.unique(found[:, 0])) > 3


def density_matrices(states, noise):
    """Noisy <Z> (n, 3) by Aer's density matrices, of a circuit drawn here gate by gate."""
    from qiskit import QuantumCircuit, transpile
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="density_matrix", noise_model=noise)
    angles = example.angles().reshape(-1, 3, 3)
    found = []
    for state in states:
        drawn = QuantumCircuit(3, 3)
        # Wire 0 is the most significant bit of the state.
        drawn.prepare_state(list(state), [2, 1, 0])
        for layer in angles:
            for wire in range(3):
                drawn.u(*layer[wire], wire)
            for wire in range(3):
                drawn.cx(wire, (wire + 1) % 3)
        drawn.measure(range(3), range(3))
        ready = transpile(drawn, basis_gates=["cx", "rz", "sx", "x"], seed_transpiler=1)
        counts = simulator.run(ready, shots=200_000, seed_simulator=1).result().get_counts()
        bits = np.array([[int(bit) for bit in key[::-1]] for key in counts])
        weights = np.array(list(counts.values())) / 200_000
        found.append(weights @ (1 - 2 * bits))
    return np.array(found)


def test_the_noise_of_a_fake_backend_is_aers():
    states, backend = example.states(), example.backend()
    rng = generator("tests", "aer noise")
    arguments = (example.CIRCUIT, example.angles(), states)
    circuit, angles, _ = arguments
    exact = expectations(circuit, maker("default.qubit", 3, {}), angles, states, None, rng)
    make = maker("qiskit.aer", 3, {}, backend)
    noisy = expectations(circuit, make, angles, states, 20_000, rng)
    own = density_matrices(states, noise_model(backend))
    # Shot noise of 20,000 shots is 0.007; the two are transpiled apart, so not to the last gate.
    assert np.abs(noisy - own).mean() < 0.25 * np.abs(exact - own).mean()
    assert np.abs(noisy - own).max() < 0.05
    assert np.abs(noisy).sum() < 0.95 * np.abs(exact).sum()


def test_state_preparation_is_noisy_too():
    """Aer's automatic method would prepare states as one perfect instruction."""
    states, rng = example.states(), generator("tests", "preparation")
    bare = Circuit(wires=3, operations=(), parameters=0, embedding="amplitude", measured=(0, 1, 2))
    found = []
    for options in ({}, {"method": "automatic"}):
        make = maker("qiskit.aer", 3, options, example.backend())
        found.append(np.abs(expectations(bare, make, np.zeros(0), states, 20_000, rng)).sum())
    assert found[0] < 0.98 * found[1]


def test_a_remote_fake_backend_answers_and_repeats_itself(files, tmp_path):
    images = {name: 0 for name in FEW} | {"train": 2, "test": 2}
    setting = {"device": "qiskit.remote", "backend": "FakeManilaV2", "shots": 2000}
    first = run(files, tmp_path, **setting, images=images)
    again = run(files, tmp_path, **setting, images=images)
    np.testing.assert_array_equal(first["expectation_values"], again["expectation_values"])
    exact = exact_of(files, first)["expectation_values"]
    assert len(exact) == 4
    assert np.corrcoef(first["expectation_values"].ravel(), exact.ravel())[0, 1] > 0.9


def test_data_in_angles_go_in_as_angles():
    operations = (Operation("RX", (0,), (Feature(0),)), Operation("RY", (1,), (Feature(1),)))
    circuit = Circuit(
        wires=2, operations=operations, parameters=0, embedding="angle", measured=(0, 1)
    )
    inputs = np.array([[0.1, 0.2], [1.0, -2.0]])
    rng = generator("tests", "angles")
    make = maker("lightning.qubit", 2, {})
    found = expectations(circuit, make, np.zeros(0), inputs, None, rng)
    np.testing.assert_allclose(found, np.cos(inputs), atol=1e-12)


def test_a_device_that_fails_says_so_in_one_line_without_the_token(files, tmp_path, monkeypatch):
    token = "marked-token-0123456789"
    monkeypatch.setenv("QISKIT_IBM_TOKEN", token)
    options = {"method": f"no-such-{token[7:]}"}
    with pytest.raises(QmuError) as caught:
        run(files, tmp_path, "bad", device="qiskit.aer", shots=10, options=options)
    assert str(caught.value).startswith("devices.bad: qiskit.aer failed, ")
    assert "\n" not in str(caught.value)

    def broken(*_):
        raise RuntimeError(f"401 for apikey={token}\nsecond line")

    monkeypatch.setattr(evaluate_with, "expectations", broken)
    with pytest.raises(QmuError) as caught:
        run(files, tmp_path, "bad", device="default.qubit")
    assert token not in str(caught.value)
    assert str(caught.value).startswith("devices.bad: default.qubit failed, RuntimeError: 401")
    assert not (tmp_path / "bad.parquet").exists()


def test_a_backend_with_too_few_qubits_is_refused():
    with pytest.raises(QmuError, match="fake_manila has 5 qubits, the circuit 6"):
        maker("qiskit.aer", 6, {}, example.backend())


REFUSED = [
    ({"device": "default.qubitt"}, "devices.a.device: no PennyLane device named 'default.qubitt'"),
    ({}, "devices.a.device: this key is required"),
    (
        {"device": "default.qubit", "backend": "fake_torino"},
        "devices.a: backend: default.qubit has",
    ),
    ({"device": "qiskit.aer", "backend": "ibm_torino"}, "devices.a: backend: qiskit.aer simulates"),
    ({"device": "qiskit.aer", "backend": "fake_torino"}, "devices.a: shots: qiskit.aer with noise"),
    ({"device": "qiskit.remote", "shots": 10}, "devices.a: backend: qiskit.remote needs it"),
    ({"device": "qiskit.remote", "backend": "ibm_x"}, "devices.a: shots: qiskit.remote needs it"),
    ({"device": "default.qubit", "shots": 0}, "devices.a.shots: must be greater than or equal"),
    ({"device": "default.qubit", "options": {"token": "x"}}, "devices.a: options: token cannot"),
    ({"device": "default.qubit", "options": {"a": [{"apiKey": 1}]}}, "options: apiKey cannot"),
    ({"device": "default.qubit", "options": {"wires": 3}}, "devices.a: options: wires cannot"),
    ({"device": "default.qubit", "images": {"trian": 3}}, "devices.a.images.trian: unknown key"),
    ({"device": "default.qubit", "shot": 3}, "devices.a.shot: unknown key 'shot'. Did you mean"),
]


@pytest.mark.parametrize(("setting", "words"), REFUSED)
def test_a_wrong_device_is_refused_before_anything_starts(setting, words):
    raw = small_config() | {"devices": {"a": {"kind": "pennylane", **setting}}}
    with pytest.raises(ConfigError) as caught:
        parse(raw)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_device_keeps_its_settings():
    setting = {"kind": "pennylane", "device": "qiskit.aer", "backend": "fake_torino", "shots": 100}
    entry = parse(small_config() | {"devices": {"a": setting}}).devices["a"]
    assert entry.component == "pennylane"
    assert entry.settings["images"]["train"] == 20
    assert pennylane.Config(**entry.settings).fake
    assert not pennylane.Config(device="qiskit.remote", backend="ibm_torino", shots=10).fake
