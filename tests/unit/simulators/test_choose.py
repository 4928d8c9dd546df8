"""All engines behind ``expectation_function`` against dense evaluation: values and gradients."""

import circuit_reference as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu.circuits.ansatz import angle_hybrid, qcnn, reupload, u3_cnot_ring
from qmu.circuits.circuit import Circuit, Operation, Parameter
from qmu.simulators.choose import expectation_function

ENGINES = ("lightning.qubit", "default.qubit")


def evaluate(circuit, parameters, inputs, weights, **options):
    """Values, and gradients of ``sum(weights * values)``, under jit."""
    function = expectation_function(circuit, **options)

    def loss(parameters, inputs):
        values = function(parameters, inputs)
        return jnp.sum(weights * values), values

    differentiate = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    (_, values), gradients = differentiate(parameters, inputs)
    return values, *gradients


def drawn(rng, circuit, batch, complex_=False):
    parameters = rng.normal(size=circuit.parameters)
    inputs = reference.random_inputs(rng, circuit, batch, complex_=complex_)
    return parameters, inputs, rng.normal(size=(batch, len(circuit.measured)))


CASES = {
    "random_amplitude": (lambda rng: reference.random_circuit(rng, 3, 38, "amplitude"), False),
    "random_complex": (lambda rng: reference.random_circuit(rng, 4, 38, "amplitude"), True),
    "random_angle": (lambda rng: reference.random_circuit(rng, 3, 38, "angle", 3), False),
    "u3_cnot_ring": (lambda rng: u3_cnot_ring.circuit(4, 3), False),
    "angle_hybrid": (lambda rng: angle_hybrid.circuit(3), False),
    "reupload": (lambda rng: reupload.circuit(3, 2, 2, 1, 2), False),
    "no_parameters": (
        lambda rng: Circuit(2, "amplitude", (Operation("Hadamard", (0,)),), (0, 1), 0),
        False,
    ),
    "one_qubit": (lambda rng: u3_cnot_ring.circuit(1, 3), False),
}


@pytest.mark.parametrize("case", CASES)
def test_engines_equal_dense_evaluation(rng, case):
    compare(rng, case, "double", "float64", 1e-10)


@pytest.mark.parametrize("case", ["random_complex", "reupload", "u3_cnot_ring"])
def test_single_precision(rng, case):
    compare(rng, case, "single", "float32", 1e-4)


def compare(rng, case, precision, dtype, tolerance):
    build, complex_ = CASES[case]
    circuit = build(rng)
    data = drawn(rng, circuit, 3, complex_)
    expected = (reference.values(circuit, *data[:2]), *reference.gradients(circuit, *data))
    for engine in ENGINES:
        found = evaluate(circuit, *data, device=engine, precision=precision)
        assert found[0].dtype == dtype
        for got, want in zip(found, expected, strict=True):
            np.testing.assert_allclose(got, want, atol=tolerance, err_msg=engine)


@pytest.mark.parametrize("unitary", ["U9", "SU4"])
def test_qcnn_on_all_engines(rng, unitary):
    circuit = qcnn.circuit(unitary)
    data = drawn(rng, circuit, 2)
    results = [evaluate(circuit, *data, device=engine) for engine in ENGINES]
    np.testing.assert_allclose(results[0][0], reference.values(circuit, *data[:2]), atol=1e-10)
    for first, second in zip(*results, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-10)


def test_the_route_through_pennylane(rng):
    circuit = u3_cnot_ring.circuit(2, 1)
    data = drawn(rng, circuit, 2)
    expected = evaluate(circuit, *data, device="lightning.qubit")
    found = evaluate(circuit, *data, device="default.qubit", route="pennylane")
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-10)


def test_mixed_states_without_noise_are_pure(rng):
    circuit = angle_hybrid.circuit(2, 1)
    parameters, inputs, _ = drawn(rng, circuit, 2)
    found = expectation_function(circuit, device="default.mixed")(parameters, inputs)
    np.testing.assert_allclose(found, reference.values(circuit, parameters, inputs), atol=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_dead_parameters_are_exactly_zero(rng, engine):
    circuit = u3_cnot_ring.circuit(4, 2)
    _, gradient, _ = evaluate(circuit, *drawn(rng, circuit, 3), device=engine)
    phi = gradient.reshape(2, 4, 3)[:, :, 1]
    assert np.all(phi[-1] == 0)
    assert np.all(phi[0] != 0)
    circuit = angle_hybrid.circuit(3)
    _, gradient, _ = evaluate(circuit, *drawn(rng, circuit, 3), device=engine)
    rz = gradient.reshape(2, 3, 3)[:, :, 2]
    assert np.all(rz[-1] == 0)
    assert np.all(rz[0] != 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_term_shift_rule_and_period(rng, engine):
    circuit = u3_cnot_ring.circuit(3, 1)
    parameters, inputs, weights = drawn(rng, circuit, 2)
    function = jax.jit(expectation_function(circuit, device=engine))
    _, gradient, _ = evaluate(circuit, parameters, inputs, weights, device=engine)
    for index, unit in enumerate(np.eye(circuit.parameters)):
        ahead = function(parameters + np.pi / 2 * unit, inputs)
        behind = function(parameters - np.pi / 2 * unit, inputs)
        shifted = np.sum(weights * (ahead - behind)) / 2
        np.testing.assert_allclose(gradient[index], shifted, atol=1e-10)
    np.testing.assert_allclose(
        function(parameters + 2 * np.pi, inputs), function(parameters, inputs), atol=1e-10
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_values_are_bounded_and_blind_to_the_sign(rng, engine):
    circuit = u3_cnot_ring.circuit(3, 2)
    parameters, inputs, _ = drawn(rng, circuit, 4)
    function = jax.jit(expectation_function(circuit, device=engine))
    values = function(parameters, inputs)
    assert np.all(np.abs(values) <= 1 + 1e-12)
    np.testing.assert_allclose(function(parameters, -inputs), values, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("circuit", [u3_cnot_ring.circuit(3, 2), angle_hybrid.circuit(3)])
def test_fleets_and_per_sample_gradients_under_vmap(rng, engine, circuit):
    _, inputs, weights = drawn(rng, circuit, 3)
    models = rng.normal(size=(2, circuit.parameters))
    function = expectation_function(circuit, device=engine)

    def loss(parameters, inputs, weights):
        return jnp.sum(weights * function(parameters, inputs))

    gradient = jax.jit(jax.grad(loss))
    one_by_one = np.stack([gradient(model, inputs, weights) for model in models])
    together = jax.jit(jax.vmap(jax.grad(loss), (0, None, None)))(models, inputs, weights)
    np.testing.assert_allclose(together, one_by_one, atol=1e-12)
    per_sample = jax.jit(jax.vmap(jax.grad(loss), (None, 0, 0)))(
        models[0], inputs[:, None], weights[:, None]
    )
    np.testing.assert_allclose(per_sample.sum(axis=0), one_by_one[0], atol=1e-12)


def test_deep_circuits_compile_once_per_layer_not_per_gate(rng):
    rotations = [Operation("CRX", (i % 3, (i + 1) % 3), (Parameter(i),)) for i in range(600)]
    circuit = Circuit(3, "amplitude", tuple(rotations), (0, 1, 2), 600)
    from qmu.simulators.statevector import engine as statevector

    parameters, inputs, _ = drawn(rng, circuit, 2)
    function = statevector.expectation_function(circuit, "double")
    found = jax.jit(function)(parameters, inputs)
    np.testing.assert_allclose(found, reference.values(circuit, parameters, inputs), atol=1e-10)
    text = jax.jit(jax.grad(lambda p: function(p, inputs).sum())).lower(parameters).as_text()
    assert len(text.splitlines()) < 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "lightning.qbit"}, "did you mean 'lightning.qubit'"),
        ({"device": "lightning.kokkos"}, "pip install pennylane pennylane-lightning-kokkos"),
        ({"precision": "half"}, "precision must be"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        expectation_function(u3_cnot_ring.circuit(2, 1), **options)


def test_unknown_gates_and_shapes_are_refused():
    strange = Circuit(1, "amplitude", (Operation("Kerr", (0,)),), (0,), 0)
    for engine in ENGINES:
        with pytest.raises(ValueError, match="no engine simulates Kerr"):
            expectation_function(strange, device=engine)
    function = expectation_function(u3_cnot_ring.circuit(2, 1))
    with pytest.raises(ValueError, match=r"inputs must have shape \(batch, 4\)"):
        function(np.zeros(6), np.ones((2, 3)))
