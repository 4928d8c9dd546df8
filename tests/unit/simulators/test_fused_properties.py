"""What must hold for the fused engine whatever it computes: symmetries, transformations, fleets."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.simulators.fused import engine as fused

WIRES, LAYERS = 4, 3


@pytest.fixture
def circuit():
    return u3_cnot_ring.circuit(WIRES, LAYERS)


@pytest.fixture
def function(circuit):
    return jax.jit(fused.expectation_function(circuit, "double"))


@pytest.fixture
def parameters(rng, circuit):
    return rng.normal(size=circuit.parameters)


@pytest.fixture
def states(rng):
    amplitudes = rng.normal(size=(5, 2**WIRES))
    return amplitudes / np.linalg.norm(amplitudes, axis=1, keepdims=True)


def loss(function):
    return lambda parameters, states: jnp.sum(jnp.sin(2 * function(parameters, states)))


def test_parameter_shift_rule(function, parameters, states):
    """(f(t + pi/2) - f(t - pi/2)) / 2: Mitarai et al. 2018 (arXiv:1803.00745)."""
    derivative = jax.jacrev(function)(parameters, states)
    for place in range(0, len(parameters), 5):
        step = np.zeros_like(parameters)
        step[place] = np.pi / 2
        shifted = (function(parameters + step, states) - function(parameters - step, states)) / 2
        np.testing.assert_allclose(derivative[..., place], shifted, atol=1e-12)


def test_two_pi_periodic(rng, function, parameters, states):
    turns = 2 * np.pi * rng.integers(-2, 3, len(parameters))
    moved = function(parameters + turns, states)
    np.testing.assert_allclose(moved, function(parameters, states), atol=1e-12)


def test_last_phi_is_dead(function, parameters, states):
    gradient = jax.grad(loss(function))(parameters, states).reshape(LAYERS, WIRES, 3)
    assert np.all(gradient[-1, :, 1] == 0)
    assert np.count_nonzero(gradient) == gradient.size - WIRES


def test_bounded_and_blind_to_sign(function, parameters, states):
    values = function(parameters, states)
    assert np.all(np.abs(values) <= 1 + 1e-12)
    np.testing.assert_array_equal(function(parameters, -states), values)


def test_no_layers_is_linear_in_probabilities(rng, states):
    function = fused.expectation_function(u3_cnot_ring.circuit(WIRES, 0), "double")
    weights = rng.dirichlet(np.ones(len(states)))
    mixed = np.sqrt(weights @ states**2)[None]
    empty = np.zeros(0)
    np.testing.assert_allclose(
        function(empty, mixed)[0], weights @ function(empty, states), atol=1e-12
    )


@pytest.mark.parametrize("shared", [True, False])
def test_fleet_equals_its_models(rng, circuit, function, states, shared):
    fleet = rng.normal(size=(3, circuit.parameters))
    batches = states if shared else np.stack([np.roll(states, shift, axis=1) for shift in range(3)])
    gradient = jax.grad(loss(function))
    found = jax.vmap(gradient, in_axes=(0, None if shared else 0))(fleet, batches)
    for model, row in enumerate(found):
        alone = gradient(fleet[model], batches if shared else batches[model])
        np.testing.assert_allclose(row, alone, atol=1e-12)


@pytest.mark.parametrize("wires", [4, 8])
def test_a_model_does_not_depend_on_its_fleet(rng, wires):
    """Slot 1 has the same bits whatever the other slots hold."""
    circuit = u3_cnot_ring.circuit(wires, 3)
    function = fused.expectation_function(circuit, "single")
    gradient = jax.jit(jax.vmap(jax.grad(loss(function))))
    fleet = rng.normal(size=(4, circuit.parameters)).astype(np.float32)
    batches = rng.normal(size=(4, 8, 2**wires)).astype(np.float32)
    batches /= np.linalg.norm(batches, axis=-1, keepdims=True)
    # JAX may read NumPy memory in place and late: wait before the arrays are changed.
    first = jax.block_until_ready(gradient(fleet, batches))
    others = [0, 2, 3]
    fleet[others] = rng.normal(size=(3, circuit.parameters))
    batches[others] = batches[others][:, ::-1] * 0.5
    second = gradient(fleet, batches)
    np.testing.assert_array_equal(second[1], first[1])
    assert not np.array_equal(second[0], first[0])


def test_per_sample_gradients(function, parameters, states):
    gradient = jax.grad(loss(function))
    each = jax.vmap(lambda sample: gradient(parameters, sample[None]))(states)
    np.testing.assert_allclose(each.sum(axis=0), gradient(parameters, states), atol=1e-12)


@pytest.mark.parametrize(("layers", "mode"), [(2, "forward"), (2, "reverse"), (7, "forward")])
def test_hessian_vector_products(rng, states, layers, mode):
    circuit = u3_cnot_ring.circuit(WIRES, layers)
    objective = loss(fused.expectation_function(circuit, "double"))
    point, direction = rng.normal(size=(2, circuit.parameters))
    gradient = jax.jit(lambda parameters: jax.grad(objective)(parameters, states))
    if mode == "forward":
        product = jax.jvp(gradient, (point,), (direction,))[1]
    else:
        product = jax.grad(lambda parameters: gradient(parameters) @ direction)(point)
    step = 1e-5 * direction
    difference = (gradient(point + step) - gradient(point - step)) / 2e-5
    np.testing.assert_allclose(product, difference, atol=1e-6)


def test_trains_inside_scan(function, parameters, states):
    objective = loss(function)

    def step(current, _):
        return current - 0.05 * jax.grad(objective)(current, states), objective(current, states)

    _, history = jax.jit(lambda start: jax.lax.scan(step, start, length=20))(parameters)
    assert history[-1] < history[0]
