"""Analytic checks of the methods that give the forget set other targets."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from fixtures import leaves, same, trained_problem
from qmu.unlearning import targets
from qmu.unlearning.methods import delete, lca, qmul, random_label, salun, trew
from qmu.unlearning.problem import Ledger

RATE = 0.05


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def one_step(module, problem, **settings):
    """The outcome of one plain step on all rows."""
    config = module.Config(
        optimizer="sgd", momentum=0, learning_rate=RATE, epochs=1, batch_size=10**6, **settings
    )
    return module.unlearn(fresh(problem), config).parameters


def expected_step(problem, objective):
    """The same step down ``objective(forget log-probabilities, retain log-probabilities)``."""
    model = problem.model

    def value(parameters):
        parts = (problem.forget, problem.retain)
        return objective(*(jax.nn.log_softmax(model.logits(parameters, p.inputs)) for p in parts))

    gradient = jax.jit(jax.grad(value))(problem.parameters)
    return jax.tree.map(lambda p, g: p - RATE * g, problem.parameters, gradient)


def close(found, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-12)


def picked(log_p, labels):
    return -jnp.mean(log_p[np.arange(len(labels)), labels])


def soft(log_p, q):
    return -jnp.mean(jnp.sum(q * log_p, axis=1))


def probabilities(problem):
    logits = problem.model.logits(problem.parameters, problem.forget.inputs)
    return np.array(jax.nn.softmax(logits))


def test_whole_classes_go_to_what_is_retained_and_rows_to_any_other_class(problem):
    labels = np.array([1, 2])
    assert (
        targets.others(fresh(problem, classes=(1, 2)), labels).tolist()
        == [[True, False, False]] * 2
    )
    found = targets.others(fresh(problem, classes=()), labels)
    assert found.tolist() == [[True, False, True], [True, True, False]]


def test_a_restricted_softmax_renormalises_what_is_allowed():
    p = np.array([[0.2, 0.5, 0.3]])
    found = targets.restricted(np.log(p), np.array([[True, False, True]]))
    np.testing.assert_allclose(found, [[0.4, 0, 0.6]], atol=1e-15)


def test_one_step_of_delete_is_the_published_one(problem):
    q = probabilities(problem)
    q[:, 1] = 0
    q /= q.sum(axis=1, keepdims=True)
    close(one_step(delete, problem), expected_step(problem, lambda f, r: soft(f, q)))


def test_delete_never_asks_for_retained_data(problem):
    alone = fresh(problem, parts={"forget": problem.forget})
    config = delete.Config(epochs=2, batch_size=4)
    outcome = delete.unlearn(alone, config)
    assert outcome.end.steps == 2 * (len(problem.forget) // 4)
    assert outcome.history["loss"][-1] > problem.measure(problem.parameters, problem.forget)[0]


def test_one_step_of_lca_is_the_mean_loss_of_all_wrong_labels(problem):
    def objective(f, r):
        wrong = (picked(f, np.full(len(f), 0)) + picked(f, np.full(len(f), 2))) / 2
        return picked(r, problem.retain.labels) + 0.7 * wrong

    close(one_step(lca, problem, weight=0.7), expected_step(problem, objective))


def test_lca_without_weight_is_fine_tuning(problem):
    plain = expected_step(problem, lambda f, r: picked(r, problem.retain.labels))
    close(one_step(lca, problem, weight=0), plain)
    close(one_step(random_label, problem, weight=0), plain)


def test_one_step_of_trew_is_the_published_one(problem):
    weight = np.asarray(problem.parameters["head/weight"])
    cosines = [
        weight[:, y] @ weight[:, 1] / np.linalg.norm(weight[:, y]) / np.linalg.norm(weight[:, 1])
        for y in (0, 2)
    ]
    s = np.exp(np.array(cosines) / 0.1)
    s /= s.sum()
    p, q = probabilities(problem), np.zeros((len(problem.forget), 3))
    q[:, [0, 2]] = p[:, [0, 2]] * np.exp(4 * s)
    q /= q.sum(axis=1, keepdims=True)
    found = one_step(trew, problem, tilt=4)
    labels = problem.retain.labels
    close(found, expected_step(problem, lambda f, r: picked(r, labels) + soft(f, q)))


def test_one_step_of_qmul_weighs_both_gradients_the_same(problem):
    p = probabilities(problem)
    likest = np.where(p[:, 0] > p[:, 2], 0, 2)
    by_retain = expected_step(problem, lambda f, r: picked(r, problem.retain.labels))
    by_forget = expected_step(problem, lambda f, r: picked(f, likest))
    moves = [
        {n: np.asarray(after[n] - problem.parameters[n]) for n in after}
        for after in (by_retain, by_forget)
    ]
    n_r, n_f = (np.sqrt(sum((m**2).sum() for m in move.values())) for move in moves)
    expected = {n: v + moves[0][n] + n_r / n_f * moves[1][n] for n, v in problem.parameters.items()}
    close(one_step(qmul, problem), expected)


def test_random_labels_are_wrong_even_and_drawn_anew(problem):
    seen = []

    class Spy:
        def __getattr__(self, name):
            return getattr(one, name)

        def gradient(self, parameters, data):
            seen.append(np.asarray(data.labels))
            return one.gradient(parameters, data)

    one = fresh(problem)
    config = random_label.Config(epochs=20, batch_size=8)
    random_label.unlearn(Spy(), config)
    drawn = np.concatenate(seen[1::2])
    assert set(drawn) == {0, 2}
    assert abs(np.mean(drawn == 0) - 0.5) < 3 * 0.5 / np.sqrt(len(drawn))
    assert not np.array_equal(seen[1], seen[3])


def test_the_mask_is_exact_and_what_is_outside_stays_bit_for_bit(problem):
    gradient = leaves(fresh(problem).gradient(problem.parameters, problem.forget))
    sizes = np.sort(np.abs(np.concatenate([g.ravel() for g in gradient.values()])))
    count = round(0.3 * len(sizes))
    for optimizer in ("adam", "sgd"):
        config = salun.Config(mask=0.3, epochs=2, batch_size=8, optimizer=optimizer)
        found = salun.unlearn(fresh(problem), config).parameters
        moved = {n: np.asarray(found[n]) != np.asarray(v) for n, v in problem.parameters.items()}
        assert sum(m.sum() for m in moved.values()) == count
        for name, where in moved.items():
            assert np.array_equal(where, np.abs(gradient[name]) >= sizes[-count])


def test_the_whole_mask_is_random_labels(problem):
    settings = {"epochs": 2, "batch_size": 8}
    one = salun.unlearn(fresh(problem), salun.Config(mask=1, **settings)).parameters
    other = random_label.unlearn(fresh(problem), random_label.Config(**settings)).parameters
    assert same(leaves(one), leaves(other))


@pytest.mark.parametrize("module", [delete, lca, qmul, random_label, salun, trew])
def test_some_rows_of_every_class_are_forgotten_too(problem, module):
    labels = np.array(problem.retain.labels)
    mixed = dataclasses.replace(problem.retain, inputs=problem.retain.inputs[:6], labels=labels[:6])
    assert len(set(labels[:6])) > 1
    handed = {"forget": mixed, "retain": problem.retain}
    one = fresh(problem, classes=(), parts=handed)
    found = module.unlearn(one, module.Config(epochs=5, batch_size=8)).parameters
    assert problem.measure(found, mixed)[0] > problem.measure(problem.parameters, mixed)[0]


def test_the_optimiser_of_a_run_is_adam_by_its_formula(problem):
    """Two steps of `delete` on all rows, by optax on the re-derived objective."""
    q = probabilities(problem)
    q[:, 1] = 0
    q /= q.sum(axis=1, keepdims=True)
    model, transform = problem.model, optax.adam(RATE)

    def objective(p):
        return soft(jax.nn.log_softmax(model.logits(p, problem.forget.inputs)), q)

    gradient = jax.jit(jax.grad(objective))
    parameters = problem.parameters
    moments = transform.init(parameters)
    for _ in range(2):
        updates, moments = transform.update(gradient(parameters), moments, parameters)
        parameters = optax.apply_updates(parameters, updates)
    config = delete.Config(learning_rate=RATE, epochs=2, batch_size=10**6)
    close(delete.unlearn(fresh(problem), config).parameters, parameters)
