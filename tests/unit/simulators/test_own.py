"""`from_qnode`: values and gradients of PennyLane's own nodes, batch by batch."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml
import pytest
from qmu.simulators.own import from_qnode

N, BATCH = 3, 2


def z(wires=range(N)):
    return [qml.expval(qml.PauliZ(wire)) for wire in wires]


def strongly_entangling(inputs, weights):
    qml.AngleEmbedding(inputs, wires=range(N))
    qml.StronglyEntanglingLayers(weights, wires=range(N))
    return z()


def amplitudes(inputs, weights):
    qml.AmplitudeEmbedding(inputs, wires=range(N), normalize=True, pad_with=0.0)
    qml.BasicEntanglerLayers(weights, wires=range(N), rotation=qml.RY)
    return z()


def reuploading(inputs, weights, scales):
    for layer, scale in zip(weights, scales, strict=True):
        qml.AngleEmbedding(scale * inputs, wires=range(N), rotation="Z")
        for wire in range(N):
            qml.Rot(*layer[wire], wires=wire)
            qml.CZ(wires=[wire, (wire + 1) % N])
    return z([0, 2])


def controlled(inputs, weights):
    qml.IQPEmbedding(inputs, wires=range(N), n_repeats=2)
    for wire in range(N):
        qml.CRX(weights[wire], wires=[wire, (wire + 1) % N])
        qml.CRot(*weights[4:7], wires=[wire, (wire + 1) % N])
        qml.adjoint(qml.CRZ)(np.pi * weights[7], wires=[wire, (wire + 1) % N])
    return qml.expval(qml.PauliX(1))


def qaoa(inputs, weights):
    qml.QAOAEmbedding(inputs, weights, wires=range(N))
    return z()


def entangled_embedding(inputs, weights):
    qml.Hadamard(0)
    qml.AngleEmbedding(jnp.arcsin(inputs), wires=range(N), rotation="Y")
    qml.ctrl(qml.StronglyEntanglingLayers, control=2)(weights, wires=range(2))
    return z()


def middle(inputs, weights):
    qml.AngleEmbedding(inputs, wires=range(N))
    qml.cond(qml.measure(0), qml.RY)(weights[0], wires=1)
    return z([1, 2])


# (function, width of a row, shapes of the weights, PennyLane's derivative)
ANSATZ = [
    (strongly_entangling, N, [(2, N, 3)], "adjoint"),
    (amplitudes, 7, [(2, N)], "backprop"),
    (reuploading, N, [(2, N, 3), (2, N)], "adjoint"),
    (controlled, N, [(8,)], "adjoint"),
    (qaoa, N, [(2, 2 * N)], "adjoint"),
    (entangled_embedding, N, [(1, 2, 3)], "adjoint"),
]


def drawn(width, shapes):
    rng = np.random.default_rng(3)
    rows = rng.uniform(-0.9, 0.9, (BATCH, width))
    return rows, [rng.uniform(-3, 3, shape) for shape in shapes]


def reference(function, method="adjoint"):
    """PennyLane's own node, one row at a time, and no program compiled."""
    node = qml.QNode(function, qml.device("default.qubit"), interface="jax", diff_method=method)

    def values(rows, *weights):
        return jnp.stack([jnp.ravel(jnp.asarray(node(row, *weights))) for row in rows])

    return values


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True), warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.mark.parametrize(("function", "width", "shapes", "method"), ANSATZ)
def test_values_and_gradients_are_pennylanes(function, width, shapes, method):
    rows, weights = drawn(width, shapes)
    outputs = len(reference(function)(rows[:1], *weights)[0])
    pull = np.random.default_rng(5).normal(size=(BATCH, outputs))

    def measured(of):
        def loss(*arguments):
            values = of(*arguments)
            return jnp.sum(pull * values), values

        return jax.grad(loss, argnums=tuple(range(1 + len(weights))), has_aux=True)

    mine, found = jax.jit(measured(from_qnode(function)))(rows, *weights)
    theirs, expected = measured(reference(function, method))(rows, *weights)
    assert found.dtype == np.float64
    for one, other in zip([found, *mine], [expected, *theirs], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


def test_a_fleet_of_weights_is_one_program():
    rows, (weights,) = drawn(N, [(2, N, 3)])
    values = from_qnode(strongly_entangling)
    fleet = np.stack([weights, weights + 0.3, -weights])
    found = jax.jit(jax.vmap(values, (None, 0)))(rows, fleet)
    for model, row in zip(fleet, found, strict=True):
        np.testing.assert_allclose(row, values(rows, model), atol=1e-12)


def test_single_precision_and_lightning():
    rows, weights = drawn(7, [(2, N)])
    expected = reference(amplitudes)(rows, *weights)
    single = from_qnode(amplitudes, precision="single")(rows, *weights)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, atol=2e-6)
    on_lightning = from_qnode(amplitudes, device="lightning.qubit")(rows, *weights)
    np.testing.assert_allclose(on_lightning, expected, atol=1e-10)


def test_weights_by_name_and_a_node_with_shots():
    rows, (weights,) = drawn(N, [(2, N, 3)])
    node = qml.set_shots(qml.QNode(strongly_entangling, qml.device("default.qubit")), 7)
    found = from_qnode(node)(rows, weights=weights)
    np.testing.assert_allclose(found, reference(strongly_entangling)(rows, weights), atol=1e-10)


def test_what_has_no_circuit_runs_on_default_qubit_and_says_so_once():
    rows, (weights,) = drawn(N, [(2,)])
    values, expected = from_qnode(middle), reference(middle, "backprop")
    with pytest.warns(UserWarning, match=r"^runs on default\.qubit, for it measures in mid-circ"):
        found = values(rows, weights)
    np.testing.assert_allclose(found, expected(rows, weights), atol=1e-10)
    mine, theirs = (jax.grad(lambda w, f=f: jnp.sum(f(rows, w))) for f in (values, expected))
    np.testing.assert_allclose(mine(weights), theirs(weights), atol=1e-10)
