"""Concurrence on known states, the layers of circuits, `ewp` with its controls, and `squ`."""

import dataclasses

import jax
import jax.numpy as jnp
import model_example
import numpy as np
import pennylane as qml
import pytest
from fixtures import leaves, same, trained_problem
from qmu.circuits.circuit import Circuit, Operation, Parameter
from qmu.models.states import final_states
from qmu.unlearning import entanglement, quantum_fisher
from qmu.unlearning.entanglement import concurrence, layers
from qmu.unlearning.loops import fine_tune
from qmu.unlearning.methods import ewp, squ
from qmu.unlearning.problem import Data, Ledger


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def entangled(angle):
    """cos|00> + sin|11>, whose concurrence is sin(2 angle)."""
    return np.array([np.cos(angle), 0, 0, np.sin(angle)], complex)


def unit(rng, *shape):
    found = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


# Entanglement.


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, 1.2])
def test_the_concurrence_of_two_qubits_is_known(rng, angle):
    found = concurrence(entangled(angle)[None], (0, 1))
    assert found == pytest.approx([np.sin(2 * angle)], abs=1e-12)
    turned = np.kron(*(np.linalg.qr(unit(rng, 2, 2))[0] for _ in range(2)))
    assert concurrence((turned @ entangled(angle))[None], (1, 0)) == pytest.approx(found, abs=1e-12)


def test_product_states_and_the_pairs_of_ghz_have_none_and_those_of_w_two_thirds(rng):
    product = np.kron(np.kron(unit(rng, 2), unit(rng, 2)), unit(rng, 2))
    ghz, w = np.zeros((2, 8))
    ghz[[0, 7]], w[[1, 2, 4]] = np.sqrt(0.5), np.sqrt(1 / 3)
    for pair in ((0, 1), (1, 2), (0, 2)):
        found = concurrence(np.array([product, ghz, w]), pair)
        np.testing.assert_allclose(found, [0, 0, 2 / 3], atol=1e-12)


def test_the_concurrence_follows_wootters_formula(rng):
    states = unit(rng, 4, 16)
    flip = np.kron(*[qml.matrix(qml.PauliY(0))] * 2)
    for pair in ((0, 1), (1, 3)):
        for state, found in zip(states, concurrence(states, pair), strict=True):
            rho = np.asarray(qml.math.reduce_statevector(state, indices=list(pair)))
            values = np.linalg.eigvals(rho @ flip @ rho.conj() @ flip).real
            roots = np.sort(np.sqrt(np.maximum(values, 0)))[::-1]
            assert found == pytest.approx(max(0, roots[0] - roots[1:].sum()), abs=1e-7)


def test_a_layer_is_what_stands_before_its_entangling_gates():
    turn = [Operation("RY", (k % 2,), (Parameter(k),)) for k in range(5)]
    cnot, ring = Operation("CNOT", (0, 1)), Operation("CNOT", (1, 0))
    crx = Operation("CRX", (0, 1), (Parameter(5),))
    gates = (turn[0], turn[1], cnot, ring, turn[2], crx, turn[3], turn[4])
    first, second = layers(Circuit(2, "amplitude", gates, (0,), 6))
    assert (first.end, first.pairs, first.angles) == (4, ((0, 1),), (0, 1))
    assert (second.end, second.pairs, second.angles) == (6, ((0, 1),), (2, 5, 3, 4))
    assert layers(Circuit(2, "amplitude", tuple(turn), (0,), 5)) == []


@pytest.mark.parametrize("name", model_example.NAMES)
def test_every_angle_of_a_model_has_one_layer(name):
    model = model_example.small(name)
    if model.circuit is None:
        return
    found = [index for layer in layers(model.circuit) for index in layer.angles]
    assert sorted(found) == list(range(model.circuit_parameters))


def test_weights_are_the_mean_concurrence_behind_the_layer(problem):
    one = fresh(problem)
    data = Data(problem.forget.inputs[:3], problem.forget.labels[:3])
    found = entanglement.weights(one, data).reshape(2, 4, 3)
    whole = final_states(problem.model, problem.parameters, data.inputs)
    pairs = ((0, 1), (1, 2), (2, 3), (0, 3))
    expected = np.mean([concurrence(whole, pair) for pair in pairs])
    np.testing.assert_allclose(found[1], expected, atol=1e-12)
    assert len(np.unique(found[0])) == 1
    assert abs(found[0, 0, 0] - expected) > 1e-3
    assert one.ledger.forward_evaluations == 9 * 4 * 2 * 3


# Entanglement-weighted pruning.


def test_the_lowest_scores_are_pruned_and_the_controls_take_others(problem):
    one = fresh(problem)
    found = ewp.scores(one, 10**6)
    half = [quantum_fisher.diagonal(fresh(problem), problem.forget).reshape(-1)]
    half.append(entanglement.weights(fresh(problem), problem.forget))
    np.testing.assert_allclose(found, half[0] * half[1], atol=1e-12)
    lowest, highest, random = (
        ewp.order(fresh(problem), ewp.Config(select=select, inputs=10**6))[:5]
        for select in ("lowest", "highest", "random")
    )
    assert found[lowest].max() <= np.delete(found, lowest).min()
    assert found[highest].min() >= np.delete(found, highest).max()
    assert len(set(random)) == 5
    assert set(random) not in (set(lowest), set(highest))


@pytest.mark.parametrize("select", ["lowest", "highest", "random"])
def test_all_that_prune_are_fine_tuned_alike(problem, select):
    one, config = fresh(problem), ewp.Config(select=select, epochs=2, batch_size=8)
    outcome = ewp.unlearn(one, config)
    chosen = ewp.order(fresh(problem), config)[: round(0.2 * 24)]
    start = np.array(problem.parameters["circuit"]).reshape(-1)
    start[chosen] = 0
    expected = fine_tune(
        fresh(problem),
        config,
        lambda minibatch, parameters: problem.gradient(parameters, minibatch.retain),
        problem.parameters | {"circuit": jnp.asarray(start.reshape(2, 4, 3))},
    )
    assert same(leaves(outcome.parameters), leaves(expected.parameters))
    steps = 2 * (len(problem.retain) // 8) * 8
    scored = 0 if select == "random" else len(problem.forget)
    assert one.ledger.gradient_evaluations == steps + scored


def test_pruning_nothing_is_fine_tuning(problem):
    config = ewp.Config(share=0, epochs=1)
    outcome = ewp.unlearn(fresh(problem), config)
    expected = fine_tune(
        fresh(problem),
        config,
        lambda minibatch, parameters: problem.gradient(parameters, minibatch.retain),
    )
    assert same(leaves(outcome.parameters), leaves(expected.parameters))


# Sensitivity-guided noise.


def test_sensitivities_are_lengths_of_gradients_of_the_squared_error(problem):
    found = squ.sensitivities(fresh(problem))

    def error(parameters, row, label):
        shares = jax.nn.softmax(problem.model.logits(parameters, row[None])[0])
        return jnp.sum((shares - jnp.eye(3)[label]) ** 2)

    gradient = jax.jit(jax.grad(error))
    for at in (0, 3):
        parts = gradient(problem.parameters, problem.forget.inputs[at], problem.forget.labels[at])
        length = np.sqrt(sum(np.sum(np.square(part)) for part in parts.values()))
        assert found[at] == pytest.approx(length, rel=1e-9)


def test_the_noise_is_the_sum_of_the_samples(rng):
    lengths = np.array([0.0, 1.0, 4.0, 8.0, 10.0])
    budgets = np.array([0, 0.1, 0.4, 0.8, 1.0]) / 2.3 * 2.0
    factors = np.array([0.2, 0.2, 0.35, 0.5, 0.5])
    draws = rng.normal(size=(200_000, 5)) * factors * budgets
    assert squ.deviation(lengths, 2.0) == pytest.approx(draws.sum(axis=1).std(), rel=0.01)
    assert squ.deviation(np.full(4, 3.0), 1.0) == pytest.approx(0.5 * np.sqrt(4) / 4)


def test_the_noise_has_its_size_and_stays_in_the_scope(problem):
    config = squ.Config(epochs=1, batch_size=8, learning_rate=1e-12, epsilon=1e-3)
    one = fresh(problem)
    outcome = squ.unlearn(one, config)
    spread = squ.deviation(squ.sensitivities(fresh(problem)), 1e-3)
    moves = [outcome.parameters[n] - p for n, p in problem.parameters.items()]
    moves = np.concatenate([np.ravel(move) for move in moves])
    assert np.sqrt(np.mean(moves**2)) == pytest.approx(spread, rel=0.4)
    assert one.ledger.gradient_evaluations == len(problem.forget) + 8 * (len(problem.retain) // 8)
    held = squ.unlearn(fresh(problem, scope="head"), config)
    assert np.array_equal(held.parameters["circuit"], problem.parameters["circuit"])
    # The same draws, by the sensitivity of what may change.
    scale = squ.deviation(squ.sensitivities(fresh(problem, scope="head")), 1e-3) / spread
    for name in ("head/weight", "head/bias"):
        own, all_ = (one.parameters[name] - problem.parameters[name] for one in (held, outcome))
        np.testing.assert_allclose(own, scale * all_, atol=1e-9)


def test_without_noise_it_is_fine_tuning(problem):
    config = squ.Config(epochs=1, epsilon=1e-13)
    outcome = squ.unlearn(fresh(problem), config)
    expected = fine_tune(
        fresh(problem),
        config,
        lambda minibatch, parameters: problem.gradient(parameters, minibatch.retain),
    )
    for name, value in expected.parameters.items():
        np.testing.assert_allclose(outcome.parameters[name], value, atol=1e-6)
