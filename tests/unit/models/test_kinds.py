"""The kinds of models, each against its source: counts, dead angles, bounds, and its answers from
first principles (NumPy for what is classical, PennyLane's default.qubit for circuits)."""

import math

import jax
import jax.numpy as jnp
import model_example
import numpy as np
import pennylane as qml
import pytest
from fixtures import compiled, leaves
from qmu import registry
from qmu.circuits.ansatz import qcnn
from qmu.models import embeddings
from qmu.models.model import circuit_of
from qmu.seeds import generator

UNITARIES = {
    **{"ttn": 2, "u5": 10, "u6": 10, "u9": 2, "u13": 6, "u14": 6, "u15": 4, "so4": 6, "su4": 15}
}


def configured(name, **settings):
    module = registry.load("models", name)
    return module, module.Config(**settings)


def drawn(name, width, classes, **settings):
    module, config = configured(name, **settings)
    module.check(config, width, classes)
    return module.initial_parameters(config, width, classes, generator("kinds"))


def size(parameters):
    return sum(value.size for value in parameters.values())


@pytest.mark.parametrize(
    ("name", "width", "classes", "settings", "expected"),
    [
        ("angle_vqc", 4, 3, {}, 155),
        ("angle_hybrid", 784, 10, {}, 18_018),
        ("reupload_vqc", 4, 3, {}, 72),
        ("rzz_vqc", 784, 2, {}, 6 * (3 * 10 + 10)),
        ("rzz_vqc", 2**12, 2, {"qubits": 12, "layers": 4, "reads": "states"}, 4 * 48),
        ("mlp", 256, 10, {"hidden": [16, 4]}, 257 * 16 + 17 * 4 + 5 * 10),
        ("mlp", 256, 10, {"hidden": [10], "first": 10}, 220),
        ("mlp", 64, 2, {"hidden": [8], "reads": "states"}, 129 * 8 + 9 * 2),
        ("basic_qnn", 16, 10, {"embedding": "compact_angle"}, 210),
        ("hqnn", 784, 10, {"embedding": "angle"}, 251_476 - 981 * (256 - 8)),
    ],
)
def test_parameters_are_as_many_as_in_the_source(name, width, classes, settings, expected):
    assert size(drawn(name, width, classes, **settings)) == expected


@pytest.mark.parametrize(("unitary", "angles"), UNITARIES.items())
def test_a_qcnn_has_three_unitaries_and_six_angles_of_pooling(unitary, angles):
    probability = drawn("qcnn", 256, 2, unitary=unitary, readout="probability")
    assert {name: value.size for name, value in probability.items()} == {"circuit": 3 * angles + 6}
    assert size(drawn("qcnn", 256, 10, unitary=unitary)) == 3 * angles + 6 + 90


def test_a_qcnn_couples_the_pairs_of_the_paper():
    module, config = configured("qcnn", unitary="ttn")
    operations = circuit_of(module, config, 2).operations
    pairs, pooled = (
        " ".join(f"{a}{b}" for a, b in (one.wires for one in operations if one.name == gate))
        for gate in ("CNOT", "CRX")
    )
    assert pairs == "07 01 23 45 67 12 34 56 06 02 46 24 04"
    assert pooled == "10 32 54 76 20 64 04"
    assert qcnn.circuit("TTN").measured == (4,)


# Dead angles.


def gradient(model, rows=12):
    """By every angle, of the mean loss."""
    pool, labels = model_example.pool(model.module.__name__.rpartition(".")[2], rows)
    parameters = model.initial_parameters(generator("kinds"))
    # Angles near zero would hide live ones.
    parameters["circuit"] = jnp.asarray(
        generator("kinds", "angles").normal(size=parameters["circuit"].shape)
    )
    program = jax.jit(jax.grad(model.mean_loss))
    return np.asarray(program(parameters, model.inputs(pool), jnp.asarray(labels))["circuit"])


@pytest.mark.parametrize("name", ["angle_vqc", "angle_hybrid"])
def test_the_last_rz_of_angle_circuits_is_dead_and_nothing_else(name):
    found = gradient(model_example.small(name))
    qubits = found.shape[1]
    assert np.argwhere(found == 0).tolist() == [[1, qubit, 2] for qubit in range(qubits)]


def test_the_last_rz_of_the_reuploading_circuit_is_dead_and_nothing_else():
    found = gradient(model_example.small("reupload_vqc"))
    assert np.argwhere(found == 0).tolist() == [[1, 0, qubit, 1] for qubit in range(4)]


def test_only_the_light_cone_of_the_last_wire_is_alive_in_the_rzz_ring():
    """Four wires, two layers of 12 rotations and 4 RZZ. In the last layer the rotations of wire 3
    alone; before, RZZ on pairs with wire 3, and rotations of it and its neighbours."""
    found = np.abs(gradient(model_example.small("rzz_vqc")))
    layer = {*range(12)} - {3, 4, 5} | {14, 15}
    assert {*np.flatnonzero(found > 1e-12)} == layer | {16 + 9, 16 + 10, 16 + 11}


# Bounds.


def logits(model, rows=20):
    pool, _ = model_example.pool(model.module.__name__.rpartition(".")[2], rows)
    parameters = model.initial_parameters(generator("kinds"))
    inputs = model.inputs(pool)
    answers = compiled(model, "logits")(parameters, inputs)
    return np.asarray(answers), np.asarray(
        compiled(model, "expectation_values")(parameters, inputs)
    )


def test_measured_logits_are_bounded():
    found, values = logits(model_example.small("reupload_vqc"))
    assert np.array_equal(found, values)
    assert np.abs(found).max() <= 1 + 1e-12


def test_the_rzz_ring_answers_with_a_sigmoid():
    found, values = logits(model_example.small("rzz_vqc"))
    p = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-5 * values[:, 0])), atol=1e-12)
    assert np.abs(found).max() <= 2.5 + 1e-12


def test_a_qcnn_answers_with_the_probabilities_of_its_last_qubit():
    module, config = configured("qcnn", readout="probability")
    values = jnp.asarray([[1.0], [0.3], [-1.0]])
    p = np.exp(module.head({}, values))
    np.testing.assert_allclose(p, [[1, 0], [0.65, 0.35], [0, 1]], atol=1e-6)
    assert np.all(np.isfinite(np.log(p)))
    assert circuit_of(module, config, 2).measured == (4,)


def test_the_head_bounds_the_logits_by_its_weights():
    model = model_example.small("qcnn")
    parameters = leaves(model.initial_parameters(generator("kinds")))
    bound = np.abs(parameters["head/weight"]).sum(axis=0)
    assert np.all(np.abs(logits(model)[0] - parameters["head/bias"]) <= bound + 1e-12)


# Answers from first principles.


def by_hand(model, gates, rows=3):
    """<Z> of PennyLane's default.qubit, with gates written down one by one."""
    name = model.module.__name__.rpartition(".")[2]
    pool, _ = model_example.pool(name, rows)
    parameters = leaves(model.initial_parameters(generator("kinds")))
    device = qml.device("default.qubit", wires=model.wires)

    @qml.qnode(device)
    def node(row):
        gates(row, parameters["circuit"], model.wires)
        return [qml.expval(qml.PauliZ(wire)) for wire in model.circuit.measured]

    found = compiled(model, "expectation_values")(model.convert(parameters), model.inputs(pool))
    return np.asarray(found), np.array([np.stack(node(row)) for row in pool["features"]])


def angle_gates(row, angles, wires):
    for wire in range(wires):
        for gate in (qml.RX, qml.RY, qml.RZ):
            gate(math.pi * row[wire], wires=wire)
    for layer in angles:
        for wire in range(wires):
            for gate, angle in zip((qml.RX, qml.RY, qml.RZ), layer[wire], strict=True):
                gate(angle, wires=wire)
        for wire in range(wires):
            qml.CZ(wires=[wire, (wire + 1) % wires])


def reupload_gates(row, angles, wires):
    x = [math.pi * row[wire % len(row)] for wire in range(wires)]
    for upload in angles:
        for wire in range(wires):
            qml.RY(x[wire], wires=wire)
        for wire in range(wires):
            pair = [wire, (wire + 1) % wires]
            qml.CNOT(wires=pair)
            qml.RZ((math.pi - x[pair[0]]) * (math.pi - x[pair[1]]), wires=pair[1])
            qml.CNOT(wires=pair)
        for repetition in upload:
            for wire in range(wires):
                qml.RY(repetition[wire][0], wires=wire)
                qml.RZ(repetition[wire][1], wires=wire)
            for wire in range(wires):
                qml.CNOT(wires=[wire, (wire + 1) % wires])


def rzz_gates(row, angles, wires):
    qml.StatePrep(row / np.linalg.norm(row), wires=range(wires))
    for layer in angles.reshape(-1, 4 * wires):
        for wire in range(wires):
            for place, gate in enumerate((qml.RX, qml.RY, qml.RX)):
                gate(layer[3 * wire + place], wires=wire)
        for wire in range(wires):
            qml.MultiRZ(layer[3 * wires + wire], wires=[wire, (wire + 1) % wires])


@pytest.mark.parametrize(
    ("name", "gates"),
    [("angle_vqc", angle_gates), ("reupload_vqc", reupload_gates), ("rzz_vqc", rzz_gates)],
)
def test_circuits_are_the_gates_of_their_papers(name, gates):
    found, expected = by_hand(model_example.small(name), gates)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_states_enter_as_they_are():
    model = model_example.small("rzz_vqc", reads="states")
    rng = generator("kinds", "states")
    states = rng.normal(size=(3, 16)) + 1j * rng.normal(size=(3, 16))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    parameters = leaves(model.initial_parameters(generator("kinds")))

    @qml.qnode(qml.device("default.qubit", wires=4))
    def node(state):
        rzz_gates(state, parameters["circuit"], 4)
        return qml.expval(qml.PauliZ(3))

    given = model.inputs({"real": states.real, "imaginary": states.imag})
    assert given.dtype == np.complex128
    found = compiled(model, "expectation_values")(model.convert(parameters), given)
    np.testing.assert_allclose(found[:, 0], [node(state) for state in states], atol=1e-10)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_perceptron_from_first_principles(activation):
    module, config = configured("mlp", hidden=[4, 3], first=5, activation=activation)
    parameters = module.initial_parameters(config, 9, 3, generator("kinds"))
    rows = generator("kinds", "rows").normal(size=(6, 9))
    values = rows[:, :5]
    for number in (1, 2):
        values = values @ parameters[f"layer{number}/weight"] + parameters[f"layer{number}/bias"]
        values = np.tanh(values) if activation == "tanh" else np.where(values > 0, values, 0)
    found = module.embed(config, parameters, jnp.asarray(rows))
    np.testing.assert_allclose(found, values, atol=1e-12)
    expected = values @ parameters["head/weight"] + parameters["head/bias"]
    np.testing.assert_allclose(module.head(parameters, found), expected, atol=1e-12)


def test_a_perceptron_reads_both_parts_of_states():
    module, config = configured("mlp", reads="states")
    parameters = module.initial_parameters(config, 4, 2, generator("kinds"))
    rows = generator("kinds", "rows").normal(size=(2, 3, 4))
    states = jnp.asarray(rows[0] + 1j * rows[1])
    hidden = np.concatenate(list(rows), axis=1) @ parameters["layer1/weight"]
    hidden = np.tanh(hidden + parameters["layer1/bias"])
    np.testing.assert_allclose(module.embed(config, parameters, states), hidden, atol=1e-12)


def naive_front_end(parameters, image):
    """Convolutions, ReLU, max-pool and dense by loops over one 28 x 28 image."""
    maps = image[:, :, None]
    for name in ("conv1", "conv2"):
        side, channels = maps.shape[0], maps.shape[2]
        kernel = parameters[f"{name}/weight"].reshape(3, 3, channels, -1)
        padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
        found = np.zeros((side, side, kernel.shape[3]))
        for row in range(side):
            for column in range(side):
                window = padded[row : row + 3, column : column + 3, :, None]
                found[row, column] = (window * kernel).sum(axis=(0, 1, 2))
        found = np.maximum(found + parameters[f"{name}/bias"], 0)
        half = side // 2
        maps = np.zeros((half, half, found.shape[2]))
        for row in range(half):
            for column in range(half):
                square = found[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                maps[row, column] = square.max(axis=(0, 1))
    return math.pi * np.tanh(maps.reshape(-1) @ parameters["fc/weight"] + parameters["fc/bias"])


def test_the_hybrid_front_end_from_first_principles():
    model = model_example.small("angle_hybrid")
    parameters = leaves(model.initial_parameters(generator("kinds")))
    inputs = model.inputs(model_example.pool("angle_hybrid", 2)[0])
    found = jax.jit(model.module.embed, static_argnums=0)(model.config, parameters, inputs)
    images = np.asarray(inputs).reshape(-1, 28, 28)
    np.testing.assert_allclose(
        found, [naive_front_end(parameters, image) for image in images], atol=1e-12
    )


# Embeddings.


@pytest.mark.parametrize(
    ("embedding", "qubits", "blocks", "features"),
    [
        ("amplitude", 8, 1, 256),
        ("angle", 8, 1, 8),
        ("compact_angle", 8, 1, 16),
        ("block_amplitude", 8, 2, 32),
        ("block_amplitude", 8, 4, 16),
    ],
)
def test_an_embedding_takes_as_many_features_as_its_source_says(
    embedding, qubits, blocks, features
):
    assert embeddings.capacity(embedding, qubits, blocks) == features
    embeddings.check(embedding, qubits, blocks, features)
    with pytest.raises(ValueError, match=f"{features + 1} features do not fit"):
        embeddings.check(embedding, qubits, blocks, features + 1)


def test_blocks_must_share_the_qubits():
    with pytest.raises(ValueError, match="blocks: 3 blocks do not share 8 qubits equally"):
        embeddings.check("block_amplitude", 8, 3)


def test_blocks_are_a_product_of_unit_vectors():
    rows = generator("kinds", "blocks").normal(size=(5, 8))
    found = embeddings.embedded(jnp.asarray(rows), "block_amplitude", 4, 2)
    first, second = (
        part / np.linalg.norm(part, axis=1, keepdims=True) for part in np.split(rows, 2, 1)
    )
    np.testing.assert_allclose(found, [np.kron(a, b) for a, b in zip(first, second, strict=True)])
    # One block is the plain amplitude vector, and a block of zeros is the ground state.
    one, plain = (
        embeddings.embedded(jnp.asarray(rows), kind, 3, 1)
        for kind in ("block_amplitude", "amplitude")
    )
    np.testing.assert_allclose(one, plain, atol=1e-15)
    short = embeddings.embedded(jnp.asarray(rows[:, :4]), "block_amplitude", 4, 2)
    np.testing.assert_allclose(short, np.kron(first, [1, 0, 0, 0]), atol=1e-15)


@pytest.mark.parametrize("embedding", ["angle", "compact_angle", "block_amplitude"])
def test_without_layers_the_embedding_alone_is_measured(embedding):
    """cos(pi x) after RY; cos(pi x) cos(pi y) after RX and RY; <Z> of each block's unit vector."""
    model = model_example.small("basic_qnn", layers=0, embedding=embedding)
    features = generator("kinds", "features").uniform(0, 1, (6, 8))
    features = features[:, :4] if embedding == "angle" else features
    parameters = model.initial_parameters(generator("kinds"))
    found = compiled(model, "expectation_values")(parameters, jnp.asarray(features))
    if embedding == "block_amplitude":
        p = features.reshape(6, 2, 4) ** 2
        p = p / p.sum(axis=2, keepdims=True)
        expected = (p @ np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])).reshape(6, 4)
    else:
        expected = np.cos(math.pi * features).reshape(6, -1, 4).prod(axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("embedding", ["angle", "compact_angle", "block_amplitude"])
@pytest.mark.parametrize("name", ["basic_qnn", "hqnn", "qcnn"])
def test_every_embedding_is_differentiated(name, embedding):
    model = model_example.small(name, embedding=embedding)
    rows = generator("kinds", "features").uniform(0, 1, (4, 784 if name == "hqnn" else 4))
    parameters = model.initial_parameters(generator("kinds"))
    labels = jnp.asarray([0, 1, 2, 0])
    found = jax.jit(jax.grad(model.mean_loss))(parameters, jnp.asarray(rows), labels)
    for tensor, values in found.items():
        assert np.any(np.asarray(values) != 0), tensor
        assert np.all(np.isfinite(values)), tensor


@pytest.mark.parametrize(
    ("name", "settings", "width", "classes", "words"),
    [
        ("angle_vqc", {}, 5, 3, "qubits: 5 features need as many qubits, 4 are there"),
        ("reupload_vqc", {}, 7, 3, "qubits: 7 features need as many qubits, 6 are there"),
        ("reupload_vqc", {}, 4, 10, "qubits: 10 classes need as many qubits, 6 are there"),
        ("rzz_vqc", {}, 784, 10, "model: rzz_vqc tells two classes apart, the data set has 10"),
        ("rzz_vqc", {"qubits": 9}, 784, 2, "qubits: 784 features do not fit the 512 amplitudes"),
        ("rzz_vqc", {"reads": "states"}, 64, 2, "qubits: states of 64 amplitudes, 10 qubits have"),
        ("qcnn", {"readout": "probability"}, 16, 3, "readout: one qubit tells two classes apart"),
        ("qcnn", {"embedding": "angle"}, 9, 3, "embedding: 9 features do not fit the 8 of angle"),
        ("hqnn", {"embedding": "block_amplitude", "blocks": 3}, 784, 10, "blocks: 3 blocks do not"),
        (
            "angle_hybrid",
            {},
            64,
            10,
            "model: angle_hybrid reads images of 28 x 28 pixels, found 64",
        ),
        ("mlp", {"first": 9}, 4, 3, "first: 9 features to read, there are 4"),
    ],
)
def test_what_a_model_cannot_read_or_tell_apart_is_said_by_its_key(
    name, settings, width, classes, words
):
    module, config = configured(name, **settings)
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        module.check(config, width, classes)
    assert str(raised.value).startswith(words)
