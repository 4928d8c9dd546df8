"""The two models of Su et al.: parameter counts, initial ranges, and logits from first principles.

The reference is NumPy for everything classical and PennyLane's default.qubit for the circuit.
"""

import math
from pathlib import Path

import jax
import jax.numpy as jnp
import model_example
import numpy as np
import pennylane as qml
import pytest
from fixtures import CLASSES, FEATURES, SMALL_TRAINING, compiled, leaves, small_data, small_model
from qmu import registry
from qmu.circuits.qnode import quantum_function
from qmu.errors import QmuError
from qmu.models import chunks
from qmu.models import model as models
from qmu.models import outputs as evaluation
from qmu.seeds import generator

KEY = ("tests", "models")

OWN = str(Path(__file__).parents[2] / "examples" / "own_qnode.py")


def build(component, precision="double", classes=10, **settings):
    return models.build(component, settings, classes, "default.qubit", precision)


def count(parameters):
    return sum(value.size for value in parameters.values())


@pytest.mark.parametrize(
    ("component", "layers", "expected"),
    [
        ("basic_qnn", 0, 90),
        ("basic_qnn", 5, 210),
        ("basic_qnn", 10, 330),
        ("hqnn", 1, 251_380),
        ("hqnn", 5, 251_476),
    ],
)
def test_parameter_counts(component, layers, expected):
    model = build(component, layers=layers)
    assert count(model.initial_parameters(generator(*KEY))) == expected
    assert model.circuit_parameters == 24 * layers


def test_basic_parameters_are_standard_normal():
    model = build("basic_qnn", layers=50)
    angles = np.asarray(model.initial_parameters(generator(*KEY))["circuit"])
    assert abs(angles.mean()) < 4 / math.sqrt(angles.size)
    assert abs(angles.std() - 1) < 4 / math.sqrt(2 * angles.size)
    assert np.abs(angles).max() < 5


def test_hqnn_parameters_are_uniform_in_their_ranges():
    parameters = leaves(build("hqnn").initial_parameters(generator(*KEY)))
    bounds = {"conv": 1 / 5, "fc": 1 / math.sqrt(980), "circuit": math.pi, "head": 1 / math.sqrt(8)}
    for name, values in parameters.items():
        bound = bounds[name.split("/")[0]]
        assert np.abs(values).max() <= bound, name
        assert np.abs(values).max() > 0.5 * bound, name
        if values.size > 100:
            assert abs(values.mean()) < 4 * bound / math.sqrt(3 * values.size), name


@pytest.mark.parametrize("component", registry.names("models"))
def test_initial_parameters_follow_their_names(component):
    model = model_example.small(component)
    one, again, other = (leaves(model.initial_parameters(generator(name))) for name in "aab")
    for name in one:
        assert np.array_equal(one[name], again[name])
        assert not np.array_equal(one[name], other[name])
    drawn = [values.ravel()[0] for values in one.values()]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(("precision", "dtype"), [("double", "float64"), ("single", "float32")])
def test_everything_has_the_models_precision(precision, dtype):
    model = small_model(precision=precision)
    parameters = model.initial_parameters(generator(*KEY))
    inputs = model.inputs({"features": small_data(3)[0]})
    arrays = [*parameters.values(), inputs, compiled(model, "logits")(parameters, inputs)]
    assert {str(array.dtype) for array in arrays} == {dtype}


def test_a_row_that_amplitudes_cannot_hold_is_named():
    model, rows = small_model(), small_data(3)[0]
    rows[1] = 0.0
    with pytest.raises(QmuError, match=r"row 1 of the pool becomes the zero vector.*standard"):
        model.inputs({"features": rows})


def reference_expectations(model, angles, states):
    circuit = model.circuit
    node = qml.QNode(quantum_function(circuit), qml.device("default.qubit", wires=circuit.wires))
    return np.array([np.stack(node(angles.ravel(), state)) for state in states])


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_basic_logits_from_first_principles(layers):
    model = small_model(layers=layers)
    parameters = leaves(model.initial_parameters(generator(*KEY)))
    inputs = small_data(5)[0]
    states = inputs / np.linalg.norm(inputs, axis=1, keepdims=True)
    values = reference_expectations(model, parameters["circuit"], states)
    expected = values @ parameters["head/weight"] + parameters["head/bias"]
    found = compiled(model, "logits")(model.convert(parameters), jnp.asarray(inputs))
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_fewer_features_than_amplitudes_are_padded_with_zeros():
    model = small_model()
    parameters = model.initial_parameters(generator(*KEY))
    inputs = small_data(5)[0]
    short = compiled(model, "logits")(parameters, jnp.asarray(inputs[:, :11]))
    padded = compiled(model, "logits")(parameters, jnp.asarray(inputs * (np.arange(FEATURES) < 11)))
    np.testing.assert_allclose(short, padded, atol=1e-12)


def naive_front_end(parameters, image):
    """Convolution, ReLU, max-pool, dense and leaky ReLU by loops over one 28 x 28 image."""
    padded = np.zeros((32, 32))
    padded[2:30, 2:30] = image
    pooled = np.zeros((14, 14, 5))
    for channel in range(5):
        kernel = parameters["conv/weight"][:, channel].reshape(5, 5)
        maps = np.zeros((28, 28))
        for row in range(28):
            for column in range(28):
                window = padded[row : row + 5, column : column + 5]
                maps[row, column] = np.sum(window * kernel) + parameters["conv/bias"][channel]
        maps = np.maximum(maps, 0)
        for row in range(14):
            for column in range(14):
                block = maps[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                pooled[row, column, channel] = block.max()
    hidden = pooled.ravel() @ parameters["fc/weight"] + parameters["fc/bias"]
    hidden = np.where(hidden > 0, hidden, 0.01 * hidden)
    return hidden / np.linalg.norm(hidden)


def test_hqnn_logits_from_first_principles():
    model = small_model(component="hqnn", layers=1)
    parameters = leaves(model.initial_parameters(generator(*KEY)))
    pool = {"image": generator("tests", "images").integers(0, 256, (3, 784)).astype(np.uint8)}
    inputs = model.inputs(pool)
    np.testing.assert_allclose(inputs, (pool["image"] / 255 - 0.5) / 0.5)
    images = np.asarray(inputs).reshape(-1, 28, 28)
    states = np.array([naive_front_end(parameters, image) for image in images])
    converted = model.convert(parameters)
    found = jax.jit(model.module.embed, static_argnums=0)(model.config, converted, inputs)
    np.testing.assert_allclose(found, states, atol=1e-12)
    values = reference_expectations(model, parameters["circuit"], states)
    expected = values @ parameters["head/weight"] + parameters["head/bias"]
    np.testing.assert_allclose(compiled(model, "logits")(converted, inputs), expected, atol=1e-10)


@pytest.mark.parametrize("factor", [3.0, -1.0, 1e-6, -1e6])
def test_basic_qnn_is_blind_to_scale_and_sign(factor):
    model = small_model()
    parameters = model.initial_parameters(generator(*KEY))
    inputs = jnp.asarray(small_data(5)[0])
    np.testing.assert_allclose(
        compiled(model, "logits")(parameters, factor * inputs),
        compiled(model, "logits")(parameters, inputs),
        atol=1e-12,
    )


def test_expectation_values_bound_the_logits():
    model = small_model()
    parameters = leaves(model.initial_parameters(generator(*KEY)))
    inputs = jnp.asarray(small_data(40)[0])
    values = compiled(model, "expectation_values")(model.convert(parameters), inputs)
    assert np.abs(values).max() <= 1 + 1e-12
    logits = np.asarray(compiled(model, "logits")(model.convert(parameters), inputs))
    bound = np.abs(parameters["head/weight"]).sum(axis=0)
    assert np.all(np.abs(logits - parameters["head/bias"]) <= bound + 1e-12)


@pytest.mark.parametrize("position", [(0, 0, 0), (0, 2, 1), (1, 3, 2)])
def test_angles_are_periodic(position):
    model = small_model()
    parameters = model.initial_parameters(generator(*KEY))
    inputs = jnp.asarray(small_data(5)[0])
    turned = parameters["circuit"].at[position].add(2 * np.pi)
    np.testing.assert_allclose(
        compiled(model, "logits")({**parameters, "circuit": turned}, inputs),
        compiled(model, "logits")(parameters, inputs),
        atol=1e-12,
    )


def test_the_last_phi_is_dead_and_no_other_angle_is():
    model = small_model()
    inputs, labels = small_data(20)
    gradient = jax.jit(jax.grad(model.mean_loss))(
        model.initial_parameters(generator(*KEY)), jnp.asarray(inputs), jnp.asarray(labels)
    )["circuit"]
    dead = np.abs(np.asarray(gradient)) < 1e-14
    assert np.argwhere(dead).tolist() == [[1, wire, 1] for wire in range(4)]


def test_losses_are_those_of_the_recipe():
    inputs, labels = small_data(6)
    for loss in ("ce", "bce_sum"):
        model = small_model(loss=loss)
        parameters = model.initial_parameters(generator(*KEY))
        logits = np.asarray(compiled(model, "logits")(parameters, jnp.asarray(inputs)))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        hot = np.eye(CLASSES)[labels]
        expected = -np.sum(hot * np.log(p), axis=1)
        if loss == "bce_sum":
            expected -= np.sum((1 - hot) * np.log(1 - p), axis=1)
        found = compiled(model, "losses")(parameters, jnp.asarray(inputs), jnp.asarray(labels))
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        mean = compiled(model, "mean_loss")(parameters, jnp.asarray(inputs), jnp.asarray(labels))
        assert float(mean) == pytest.approx(expected.mean(), rel=1e-12)


def test_evaluate_gives_probabilities_in_float64():
    model = small_model(precision="single")
    parameters = model.initial_parameters(generator(*KEY))
    found = evaluation.evaluate(model, parameters, model.inputs({"features": small_data(7)[0]}))
    assert {name: value.shape for name, value in found.items()} == {
        "expectation_values": (7, 4),
        "embedding_fidelity": (7,),
        "logits": (7, CLASSES),
        "probabilities": (7, CLASSES),
    }
    assert {value.dtype for value in found.values()} == {np.dtype(np.float64)}
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-6)


def test_a_samples_outputs_do_not_depend_on_its_neighbours(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 16)
    model = small_model()
    parameters = model.initial_parameters(generator(*KEY))
    inputs = jnp.asarray(small_data(40)[0])
    whole = evaluation.evaluate(model, parameters, inputs)
    for rows in (slice(0, 3), slice(16, 40), slice(0, 16)):
        part = evaluation.evaluate(model, parameters, inputs[rows])
        for name in whole:
            assert np.array_equal(part[name], whole[name][rows])


def test_a_masked_class_has_probability_zero():
    model = small_model()
    parameters = model.initial_parameters(generator(*KEY))
    parameters["head/bias"] = parameters["head/bias"].at[1].set(-jnp.inf)
    found = evaluation.evaluate(model, parameters, jnp.asarray(small_data(7)[0]))
    assert np.all(found["probabilities"][:, 1] == 0)
    assert np.all(found["logits"][:, 1] == -np.inf)
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1)


def test_build_refuses_wrong_settings_and_names():
    with pytest.raises(ValueError, match="layer"):
        build("basic_qnn", layer=3)
    with pytest.raises(Exception, match="no models component"):
        build("nothing")


def test_the_smallest_and_the_bare_model():
    model = models.build(
        "basic_qnn",
        {"qubits": 2, "layers": 0, "training": SMALL_TRAINING},
        CLASSES,
        "default.qubit",
        "double",
    )
    parameters = model.initial_parameters(generator(*KEY))
    assert parameters["circuit"].shape == (0, 2, 3)
    inputs = np.array([[1.0, 2.0, 2.0, 4.0]])
    squares = (inputs / 5.0)[0] ** 2
    expected = [squares[0] + squares[1] - squares[2] - squares[3]]
    expected += [squares[0] - squares[1] + squares[2] - squares[3]]
    found = compiled(model, "expectation_values")(parameters, jnp.asarray(inputs))
    np.testing.assert_allclose(found, [expected], atol=1e-14)
