"""Quantum Fisher information by independent routes, and the methods that are weighted by it."""

import dataclasses

import jax
import jax.numpy as jnp
import model_example
import numpy as np
import pennylane as qml
import pytest
from fixtures import leaves, same, small_model, trained_problem
from qmu.models.states import final_states
from qmu.unlearning import quantum_fisher
from qmu.unlearning.dampening import dampen
from qmu.unlearning.fisher import means_of_squares, sum_of_squares
from qmu.unlearning.methods import ga, qfi_influence, qfi_natural, qfi_ssd
from qmu.unlearning.problem import Data, Ledger
from qmu.unlearning.stopping import Stopping

ONE_STEP = Stopping(max_steps=1, forget_loss=100, validation_drop=1)


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def moved(parameters, index, by):
    angles = np.array(parameters["circuit"])
    angles.reshape(-1)[index] += by
    return parameters | {"circuit": jnp.asarray(angles)}


def matrix(problem, rows=5, skip=0):
    data = Data(problem.forget.inputs[skip:rows], problem.forget.labels[skip:rows])
    return quantum_fisher.matrix(fresh(problem), data)


# The information.


def test_the_matrix_is_pennylanes_metric_tensor_times_four():
    model = small_model(layers=1)
    parameters = model.initial_parameters(np.random.default_rng(0))
    row = np.random.default_rng(1).normal(size=16)

    @qml.qnode(qml.device("default.qubit", wires=5))
    def circuit(angles):
        qml.StatePrep(row / np.linalg.norm(row), wires=range(4))
        for operation in model.circuit.operations:
            chosen = [angles[angle.index] for angle in operation.angles]
            getattr(qml, operation.name)(*chosen, wires=operation.wires)
        return qml.expval(qml.PauliZ(0))

    angles = qml.numpy.array(np.asarray(parameters["circuit"]).reshape(-1), requires_grad=True)
    expected = 4 * np.asarray(qml.adjoint_metric_tensor(circuit)(angles))
    found = quantum_fisher.fisher(model, parameters, row[None], diagonal=False)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_matrix_is_the_curvature_of_the_fidelity(problem):
    """F_ij = -2 d_i d_j |<psi|psi'>|^2, by differences."""
    inputs, width = problem.forget.inputs[:3], 1e-3
    start = final_states(problem.model, problem.parameters, inputs)

    def fidelity(*moves):
        parameters = problem.parameters
        for index, by in moves:
            parameters = moved(parameters, index, by)
        states = final_states(problem.model, parameters, inputs)
        return np.mean(np.abs(np.sum(start.conj() * states, axis=1)) ** 2)

    found = quantum_fisher.fisher(problem.model, problem.parameters, inputs, diagonal=False)
    for i, j in ((0, 0), (1, 4), (3, 17), (12, 13)):
        signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ends = [a * b * fidelity((i, a * width), (j, b * width)) for a, b in signs]
        assert found[i, j] == pytest.approx(-2 * sum(ends) / (4 * width**2), abs=1e-4)


def test_the_diagonal_is_one_minus_the_overlap_at_a_half_turn(problem):
    """Of a Pauli rotation; last layer's angles, which no expectation value sees, included."""
    inputs = problem.forget.inputs[:4]
    start = final_states(problem.model, problem.parameters, inputs)
    data = Data(inputs, problem.forget.labels[:4])
    found = quantum_fisher.diagonal(fresh(problem), data).reshape(-1)
    np.testing.assert_allclose(found, np.diag(matrix(problem, 4)), atol=1e-12)
    for index, value in enumerate(found):
        turned = final_states(problem.model, moved(problem.parameters, index, np.pi), inputs)
        overlap = np.abs(np.sum(start.conj() * turned, axis=1)) ** 2
        assert value == pytest.approx(1 - overlap.mean(), abs=1e-10)


@pytest.mark.parametrize("name", ["reupload_vqc", "angle_hybrid"])
def test_the_matrix_is_symmetric_and_positive_with_a_diagonal_below_one(name):
    model = model_example.small(name)
    parameters = model.initial_parameters(np.random.default_rng(2))
    inputs = model.inputs(model_example.pool(name, 3)[0])
    found = quantum_fisher.fisher(model, parameters, inputs, diagonal=False)
    np.testing.assert_allclose(found, found.T, atol=1e-12)
    assert np.linalg.eigvalsh(found).min() > -1e-12
    assert np.all(np.diag(found) <= 1 + 1e-12)
    assert np.diag(found).max() > 0.1


def test_bit_strings_tell_less_than_states(problem):
    inputs = problem.forget.inputs[:1]

    def probabilities(angles):
        parameters = problem.parameters | {"circuit": angles}
        return np.abs(final_states(problem.model, parameters, inputs)[0]) ** 2

    angles, width = np.asarray(problem.parameters["circuit"]), 1e-5
    own, quantum = probabilities(angles), np.diag(matrix(problem, 1)).reshape(angles.shape)
    classical = np.zeros_like(angles)
    for at in np.ndindex(angles.shape):
        ends = []
        for sign in (1, -1):
            shifted = angles.copy()
            shifted[at] += sign * width
            ends.append(probabilities(shifted))
        classical[at] = np.sum(((ends[0] - ends[1]) / 2 / width) ** 2 / np.maximum(own, 1e-12))
    assert np.all(classical <= quantum + 1e-6)
    assert classical.max() > 0.1


def test_the_mean_does_not_depend_on_how_inputs_are_cut(problem, monkeypatch):
    whole = matrix(problem, 5)
    parts = [matrix(problem, k + 1, k) for k in range(5)]
    np.testing.assert_allclose(whole, np.mean(parts, axis=0), atol=1e-13)
    monkeypatch.setattr(quantum_fisher, "AMPLITUDES", 2 * 24 * 16)
    np.testing.assert_allclose(matrix(problem, 5), whole, atol=1e-13)


def test_the_bill_of_the_information(problem):
    one, data = fresh(problem), Data(problem.forget.inputs[:3], problem.forget.labels[:3])
    quantum_fisher.diagonal(one, data)
    assert one.ledger.gradient_evaluations == 3
    quantum_fisher.matrix(one, data)
    count = one.model.circuit_parameters
    assert one.ledger.gradient_evaluations == 3 + 3 * count
    executions = one.ledger.columns(count)["circuit_executions"][0]
    assert executions >= 3 * count + 3 * (2 * count**2 - count)


# The methods.


def test_dampening_by_both_kinds_of_information(problem):
    config = qfi_ssd.Config(alphas=(1.05,), inputs=10**6, stopping=ONE_STEP)
    outcome = qfi_ssd.unlearn(fresh(problem), config)
    n_f, n_r = len(problem.forget), len(problem.retain)
    forget, retain = (
        np.mean([1 - overlaps(problem, part, k) for k in range(24)], axis=1).reshape(2, 4, 3)
        for part in (problem.forget, problem.retain)
    )
    of_forget, of_all = means_of_squares(fresh(problem))
    both = (n_f * forget + n_r * retain) / (n_f + n_r)
    expected = dampen(
        problem.parameters, of_forget | {"circuit": forget}, of_all | {"circuit": both}, 1.05, 1.0
    )
    chosen = forget > 1.05 * both
    assert 0 < chosen.sum() < chosen.size
    near = np.abs(np.asarray(problem.parameters["circuit"])) <= np.pi
    for name, value in expected.items():
        at = near if name == "circuit" else np.ones(np.shape(value), bool)
        np.testing.assert_allclose(outcome.parameters[name][at], value[at], atol=1e-9)


def overlaps(problem, data, index):
    """|<psi|psi at a half turn>|^2 of every input."""
    states = [
        final_states(problem.model, p, data.inputs)
        for p in (problem.parameters, moved(problem.parameters, index, np.pi))
    ]
    return np.abs(np.sum(states[0].conj() * states[1], axis=1)) ** 2


def test_nothing_is_selected_by_a_large_alpha(problem):
    config = qfi_ssd.Config(alphas=(1e6,), stopping=ONE_STEP)
    outcome = qfi_ssd.unlearn(fresh(problem), config)
    np.testing.assert_allclose(
        np.exp(1j * outcome.parameters["circuit"]), np.exp(1j * problem.parameters["circuit"])
    )


def test_the_natural_gradient_is_gradient_ascent_under_a_large_damping(problem):
    stopping = Stopping(max_steps=5, forget_loss=100, validation_drop=1)
    natural = qfi_natural.Config(damping=1e9, stopping=stopping)
    one = qfi_natural.unlearn(fresh(problem), natural)
    other = ga.unlearn(fresh(problem), ga.Config(stopping=stopping))
    for name, value in other.parameters.items():
        np.testing.assert_allclose(one.parameters[name], value, atol=1e-8)


def test_one_step_of_the_natural_gradient(problem):
    config = qfi_natural.Config(step_length=1e-3, batch_size=10**6, inputs=10**6, stopping=ONE_STEP)
    outcome = qfi_natural.unlearn(fresh(problem), config)
    data = problem.forget

    def loss(parameters):
        return problem.model.mean_loss(parameters, data.inputs, data.labels)

    gradient = jax.grad(loss)(problem.parameters)
    information = quantum_fisher.fisher(
        problem.model, problem.parameters, data.inputs, diagonal=False
    )
    along = np.linalg.inv(information + 0.1 * np.eye(24)) @ np.ravel(gradient["circuit"])
    size = np.sqrt(24) * np.pi / np.sqrt(3)
    expected = np.ravel(problem.parameters["circuit"])
    expected = expected + 1e-3 * size * along / np.linalg.norm(along)
    np.testing.assert_allclose(np.ravel(outcome.parameters["circuit"]), expected, atol=1e-9)
    assert along @ np.ravel(gradient["circuit"]) > 0
    before, after = (loss(p) for p in (problem.parameters, outcome.parameters))
    assert after > before


def test_the_influence_step(problem):
    config = qfi_influence.Config(inputs=10**6, stopping=ONE_STEP)
    outcome = qfi_influence.unlearn(fresh(problem), config)
    n_f, n_r = len(problem.forget), len(problem.retain)

    def total(parameters):
        data = problem.forget
        return n_f * problem.model.mean_loss(parameters, data.inputs, data.labels)

    gradient = jax.grad(total)(problem.parameters)
    information = quantum_fisher.fisher(
        problem.model, problem.parameters, problem.retain.inputs, diagonal=False
    )
    squares = sum_of_squares(fresh(problem), problem.retain)
    for name, value in gradient.items():
        if name == "circuit":
            inverse = np.linalg.inv(information + 0.1 * np.eye(24))
            step = (inverse @ np.ravel(value)).reshape(2, 4, 3) / n_r
        else:
            step = np.asarray(value) / (squares[name] / n_r + 0.1) / n_r
        np.testing.assert_allclose(
            outcome.parameters[name] - problem.parameters[name], step, rtol=1e-6, atol=1e-10
        )
    assert total(outcome.parameters) > total(problem.parameters)


@pytest.mark.parametrize("method", [qfi_ssd, qfi_natural, qfi_influence])
def test_what_is_not_in_the_scope_stays(problem, method):
    one = fresh(problem, scope="circuit")
    outcome = method.unlearn(one, method.Config(scope="circuit"))
    assert same(
        {k: v for k, v in leaves(outcome.parameters).items() if k != "circuit"},
        {k: v for k, v in leaves(problem.parameters).items() if k != "circuit"},
    )
