"""The index register: batches of any size, splitting, callbacks inside compiled programs."""

import circuit_reference as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu.circuits.ansatz import reupload, u3_cnot_ring
from qmu.simulators import memory
from qmu.simulators.choose import expectation_function
from qmu.simulators.lightning.register import LightningRegister, cheapest_pieces
from qmu.simulators.lightning.samples import LightningSamples

CIRCUIT = u3_cnot_ring.circuit(3, 2)


def engine(memory=2**30, precision="double"):
    return LightningRegister(CIRCUIT, "lightning.qubit", precision, memory)


def data(rng, batch):
    inputs = reference.random_inputs(rng, CIRCUIT, batch)
    return rng.normal(size=CIRCUIT.parameters), inputs, rng.normal(size=(batch, 3))


def everything(simulator, parameters, inputs, weights):
    values, states = simulator.values(parameters, inputs)
    return (
        values,
        simulator.parameter_gradient(parameters, inputs, weights),
        simulator.input_gradient(parameters, states, weights).real,
    )


@pytest.mark.parametrize("batch", [1, 2, 5, 8, 13, 70])
def test_any_batch_equals_sample_by_sample(rng, batch):
    parameters, inputs, weights = data(rng, batch)
    together = everything(engine(), parameters, inputs, weights)
    single = engine()
    rows = [
        everything(single, parameters, inputs[i : i + 1], weights[i : i + 1]) for i in range(batch)
    ]
    np.testing.assert_allclose(together[0], np.concatenate([row[0] for row in rows]), atol=1e-12)
    np.testing.assert_allclose(together[1], sum(row[1] for row in rows), atol=1e-11)
    np.testing.assert_allclose(together[2], np.concatenate([row[2] for row in rows]), atol=1e-12)


def test_splitting_by_memory_changes_nothing(rng):
    drawn = data(rng, 13)
    small = engine(memory.predicted_bytes(3, 4))
    pieces = small._pieces(13)
    assert max(count for count, _ in pieces) == 4
    assert sum(count for count, _ in pieces) == 13
    for split, whole in zip(everything(small, *drawn), everything(engine(), *drawn), strict=True):
        np.testing.assert_allclose(split, whole, atol=1e-12)


def test_zero_weights(rng):
    parameters, inputs, weights = data(rng, 5)
    _, by_parameter, by_input = everything(engine(), parameters, inputs, 0 * weights)
    assert not by_parameter.any()
    assert not by_input.any()
    weights[2:] = 0
    _, some, by_input = everything(engine(), parameters, inputs, weights)
    _, same, _ = everything(engine(), parameters, inputs[:2], weights[:2])
    np.testing.assert_allclose(some, same, atol=1e-12)
    assert not by_input[2:].any()


def test_inputs_of_any_norm_are_a_quadratic_form(rng):
    parameters, inputs, weights = data(rng, 3)
    values, by_parameter, by_input = everything(engine(), parameters, inputs, weights)
    scaled = everything(engine(), parameters, 3 * inputs, weights)
    np.testing.assert_allclose(scaled[0], 9 * values, atol=1e-11)
    np.testing.assert_allclose(scaled[1], 9 * by_parameter, atol=1e-11)
    np.testing.assert_allclose(scaled[2], 3 * by_input, atol=1e-11)


def test_single_precision_stays_single(rng):
    parameters, inputs, weights = data(rng, 4)
    as_single = [array.astype(np.float32) for array in (parameters, inputs, weights)]
    simulator = engine(precision="single")
    _, states = simulator.values(*as_single[:2])
    assert states.dtype == np.complex64
    found = everything(simulator, *as_single)
    assert [array.dtype for array in found] == ["float32"] * 3
    expected = everything(engine(), parameters, inputs, weights)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-4)


def test_the_engine_leaves_its_arguments_alone(rng):
    drawn = data(rng, 5)
    copies = [array.copy() for array in drawn]
    everything(engine(), *drawn)
    for array, copy in zip(drawn, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_repeated_calls_are_bit_identical(rng):
    drawn = data(rng, 13)
    simulator = engine()
    first, second = everything(simulator, *drawn), everything(simulator, *drawn)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_pieces_cover_the_batch_at_the_lowest_cost():
    for batch in range(1, 200):
        pieces = cheapest_pieces(batch, 16)
        assert sum(count for count, _ in pieces) == batch
        assert all(count <= 2**bits for count, bits in pieces)
        cost = sum(16 + 2**bits for _, bits in pieces)
        assert cost <= 16 + 2 ** (batch - 1).bit_length()
    assert cheapest_pieces(33, 16) == [(32, 5), (1, 0)]
    assert cheapest_pieces(31, 16) == [(31, 5)]
    assert cheapest_pieces(0, 16) == []


def test_training_in_a_scan(rng):
    parameters, inputs, weights = data(rng, 4)

    def train(device):
        function = expectation_function(CIRCUIT, device=device)
        gradient = jax.grad(lambda p: jnp.sum(weights * function(p, inputs)))

        def step(p, _):
            return p - 0.1 * gradient(p), None

        return jax.jit(lambda p: jax.lax.scan(step, p, length=5)[0])(parameters)

    np.testing.assert_allclose(train("lightning.qubit"), train("default.qubit"), atol=1e-10)


def test_large_arrays_pass_the_callback_on_one_thread(rng):
    """A callback that waits for the only worker thread would hang here."""
    circuit = u3_cnot_ring.circuit(8, 1)
    function = expectation_function(circuit, precision="single")
    inputs = jnp.ones((4096, 256), jnp.float32) / 16
    parameters = rng.normal(size=circuit.parameters).astype(np.float32)

    @jax.jit
    def repeated(parameters, inputs):
        def step(carry, _):
            values = function(parameters, jnp.tanh(carry))
            return carry + 1e-3 * jnp.mean(values), values[0]

        return jax.lax.scan(step, inputs, length=3)[1]

    assert repeated(parameters, inputs).shape == (3, 8)


def test_only_the_gradient_that_is_asked_for_runs(rng, monkeypatch):
    calls = []
    original = LightningRegister.input_gradient
    monkeypatch.setattr(
        LightningRegister,
        "input_gradient",
        lambda *arguments: calls.append(1) or original(*arguments),
    )
    circuit = u3_cnot_ring.circuit(2, 3)
    function = expectation_function(circuit, memory=2**29)
    inputs = reference.random_inputs(rng, circuit, 2)
    parameters = rng.normal(size=circuit.parameters)

    def loss(parameters, inputs):
        return jnp.sum(function(parameters, inputs))

    jax.jit(jax.grad(loss))(parameters, inputs).block_until_ready()
    assert calls == []
    jax.jit(jax.grad(loss, argnums=1))(parameters, inputs).block_until_ready()
    assert calls == [1]


def test_tapes_equal_dense_evaluation(rng):
    circuit = reupload.circuit(3, 2, 2, 1, 2)
    simulator = LightningSamples(circuit, "lightning.qubit", "double")
    parameters = rng.normal(size=circuit.parameters)
    inputs, weights = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    weights[1] = 0
    values, features = simulator.values(parameters, inputs)
    arguments = (parameters, features, weights)
    by_parameter, by_input = reference.gradients(circuit, parameters, inputs, weights)
    np.testing.assert_allclose(values, reference.values(circuit, parameters, inputs), atol=1e-12)
    np.testing.assert_allclose(simulator.parameter_gradient(*arguments), by_parameter, atol=1e-12)
    np.testing.assert_allclose(simulator.input_gradient(*arguments), by_input, atol=1e-12)
