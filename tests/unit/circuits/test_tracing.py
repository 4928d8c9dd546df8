"""A user's quantum function as a circuit: what its gates' angles are made of."""

import jax.numpy as jnp
import numpy as np
import pennylane as qml
import pytest
from qmu.circuits.angles import periods
from qmu.circuits.circuit import Feature, FeatureProduct, Operation, Parameter
from qmu.circuits.tracing import Function, Untranslatable, arguments, translate
from qmu.errors import QmuError

N = 3


def z(*wires):
    return [qml.expval(qml.PauliZ(wire)) for wire in wires]


def of(function, width=N, **shapes):
    """The translation of a function with weights ``w`` (4,) unless shapes say otherwise."""
    inputs, names = arguments(function)
    return translate(Function(function, inputs, shapes or dict.fromkeys(names, (4,)), width))


def angles(function, **options):
    return [angle for op in of(function, **options).circuit.operations for angle in op.angles]


def one(make):
    """The only angle of a circuit of one rotation."""

    def circuit(inputs, w):
        qml.RX(make(inputs, w), wires=0)
        return z(0)

    found = angles(circuit)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda x, w: w[2], Parameter(2)),
        (lambda x, w: 0.5 * w[1] + 0.25, Parameter(1, 0.5, 0.25)),
        (lambda x, w: -w[0], Parameter(0, -1.0)),
        (lambda x, w: x[1], Feature(1)),
        (lambda x, w: 2 * x[0] - 1, Feature(0, 2.0, -1.0)),
        (lambda x, w: 0.75, 0.75),
        (lambda x, w: 0 * w[0] + 0.75, 0.75),
        (lambda x, w: x[0] * x[2], FeatureProduct(Feature(0), Feature(2))),
        (lambda x, w: x[1] ** 2, FeatureProduct(Feature(1), Feature(1))),
    ],
)
def test_what_an_angle_is_made_of(make, expected):
    assert one(make) == expected


def test_a_product_with_shifts_as_feature_maps_have_it():
    found = one(lambda x, w: 2 * (np.pi - x[0]) * (np.pi - x[1]))
    assert isinstance(found, FeatureProduct)
    x = np.array([0.3, 1.1, 0.0])
    values = [f.scale * x[f.index] + f.shift for f in (found.first, found.second)]
    assert np.prod(values) == pytest.approx(2 * (np.pi - 0.3) * (np.pi - 1.1), abs=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda x, w: jnp.sin(x[0]),
        lambda x, w: w[0] * x[0],
        lambda x, w: w[3] ** 2,
        lambda x, w: x[0] * x[1] * x[2],
        lambda x, w: x[0] * x[1] + 1,
        lambda x, w: jnp.clip(x[0], -5.0, 5.0),
        lambda x, w: jnp.where(w[0] > 100, 1.0, w[1]),
        lambda x, w: jnp.round(x[0]),
    ],
)
def test_any_other_function_is_computed_beside_the_circuit(make):
    """Also one whose cases no random point would tell apart."""

    def circuit(inputs, w):
        qml.RX(make(inputs, w), wires=0)
        return z(0)

    translation = of(circuit)
    assert translation.circuit.operations[0].angles == (Feature(N),)
    assert translation.circuit.features == N + 1
    x, w = np.array([7.0, 0.2, -0.4]), np.array([101.0, 2.0, 3.0, 4.0])
    found = translation.embed(jnp.asarray(w), jnp.asarray(x))
    np.testing.assert_allclose(found[:N], x)
    assert found[N] == pytest.approx(float(make(x, w)), rel=1e-6)


def test_a_weight_of_such_a_function_is_no_parameter_of_the_circuit():
    def circuit(inputs, w):
        qml.RX(w[0] * inputs[0] + w[1], wires=0)
        qml.RY(w[1], wires=1)
        qml.RZ(w[2], wires=1)
        qml.RY(w[3], wires=1)
        return z(0, 1)

    translation = of(circuit)
    assert translation.trained.tolist() == [2, 3]
    rotations = [op.angles[0] for op in translation.circuit.operations]
    assert rotations == [Feature(N), Feature(N + 1), Parameter(0), Parameter(1)]


def test_a_sum_is_one_gate_for_each_of_its_terms():
    def circuit(inputs, w):
        qml.CRX(w[0] + 2 * inputs[1] + 0.5, wires=[0, 1])
        qml.Rot(w[1] - w[2], w[3], 0.0, wires=0)
        return z(0, 1)

    found = of(circuit).circuit.operations
    assert found[:2] == (
        Operation("CRX", (0, 1), (Parameter(0, 1.0, 0.5),)),
        Operation("CRX", (0, 1), (Feature(1, 2.0),)),
    )
    assert [op.name for op in found[2:]] == ["RZ", "RZ", "RY", "RZ"]


def test_the_turns_of_scaled_weights_change_nothing():
    def circuit(inputs, w):
        qml.RX(w[0] / 2, wires=0)
        qml.RY(w[0], wires=0)
        qml.CRZ(w[1], wires=[0, 1])
        qml.RX(w[2] * np.pi, wires=1)
        return z(0, 1)

    found = of(circuit).circuit
    np.testing.assert_allclose(periods(found), np.pi * np.array([4, 4, 2 / np.pi, 2]))


def test_a_weight_that_no_turn_brings_back_is_computed():
    def circuit(inputs, w):
        qml.RX(w[0], wires=0)
        qml.RY(np.pi * w[0], wires=0)
        qml.RY(w[1], wires=0)
        return z(0)

    assert of(circuit).trained.tolist() == [1, 2, 3]


@pytest.mark.parametrize("normalize", [True, False])
def test_amplitudes_are_the_circuits_embedding(normalize):
    def circuit(inputs, w):
        qml.AmplitudeEmbedding(inputs, wires=[2, 0], normalize=normalize)
        qml.RY(w[0], wires=1)
        qml.CNOT(wires=[0, 1])
        return z(1)

    translation = of(circuit, width=4)
    assert translation.circuit.embedding == "amplitude"
    assert translation.circuit.input_size == 8
    x = np.array([0.0, 0.6, 0.8, 0.0])
    state = translation.embed(jnp.zeros(4), jnp.asarray(x))
    # Input 1 is wire 2 off and wire 0 on, input 2 the other way; wire 0 counts most.
    np.testing.assert_allclose(state, [0, 0.8, 0, 0, 0.6, 0, 0, 0], atol=1e-7)


def test_directions_are_turned_to_z():
    def circuit(inputs, w):
        qml.RX(w[0], wires=0)
        qml.RY(w[1], wires=1)
        return qml.expval(qml.PauliY(0)), qml.expval(qml.PauliX(1))

    found = of(circuit).circuit
    assert found.measured == (0, 1)
    assert len(found.operations) > 2


def middle(inputs, w):
    qml.RX(w[0], wires=0)
    qml.cond(qml.measure(0), qml.RY)(w[1], wires=1)
    return z(1)


def both(inputs, w):
    qml.AmplitudeEmbedding(inputs, wires=range(2), normalize=True, pad_with=0.0)
    qml.RX(inputs[0], wires=0)
    return z(0)


def bent(inputs, w):
    qml.AmplitudeEmbedding(inputs, wires=range(2), normalize=True, pad_with=0.0)
    qml.RX(w[0] ** 2, wires=0)
    return z(0)


def probabilities(inputs, w):
    qml.RX(w[0] * inputs[0], wires=0)
    return qml.probs(wires=0)


def product(inputs, w):
    qml.RX(w[0], wires=0)
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1))


def crossed(inputs, w):
    qml.RX(w[0], wires=0)
    return qml.expval(qml.PauliZ(0)), qml.expval(qml.PauliX(0))


def prepared(inputs, w):
    qml.AmplitudeEmbedding(w, wires=range(2), normalize=True)
    return z(0)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (middle, "measures in mid-circuit"),
        (both, "inputs are amplitudes and angles at once"),
        (bent, "neither a sum of weights nor one of inputs"),
        (probabilities, "something else than expectation values"),
        (product, "something else than single Pauli operators"),
        (crossed, "two directions of wire 0"),
        (prepared, "prepared state depends on the weights"),
    ],
)
def test_what_has_no_circuit_says_why(function, reason):
    with pytest.raises(Untranslatable, match=reason):
        of(function)


def numpy_on_weights(inputs, w):
    qml.RX(np.sin(w[0]), wires=0)
    return z(0)


def by_case(inputs, w):
    if inputs[0] > 100:
        qml.RX(w[0], wires=0)
    return z(0)


def broken(inputs, w):
    qml.RX(w[17], wires=0)
    return z(0)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (numpy_on_weights, "must compute with JAX arrays"),
        (by_case, "must compute with JAX arrays"),
        (broken, "PennyLane cannot execute it: IndexError"),
        (lambda inputs, w: qml.expval(qml.Z(0)) and None, "PennyLane cannot execute it"),
    ],
)
def test_a_users_mistake_is_one_line(function, expected):
    with pytest.raises(QmuError, match=expected) as caught:
        of(function)
    assert "\n" not in str(caught.value)


def test_the_inputs_are_called_so_or_come_first():
    assert arguments(lambda x, a, b, layers=2: None) == ("x", ["a", "b"])
    assert arguments(lambda a, inputs: None) == ("inputs", ["a"])
    for wrong in (lambda inputs: None, lambda *inputs: None, lambda: None):
        with pytest.raises(QmuError, match=r"must be circuit\(inputs, weights\)"):
            arguments(wrong)


def test_a_nodes_own_transforms_count():
    @qml.transforms.merge_rotations
    @qml.qnode(qml.device("default.qubit"))
    def circuit(inputs, w):
        qml.RX(w[0], wires=0)
        qml.RX(inputs[0], wires=0)
        return z(0)

    found = of(circuit).circuit.operations
    assert found == (
        Operation("RX", (0,), (Parameter(0),)),
        Operation("RX", (0,), (Feature(0),)),
    )
