"""Analytic checks of `dist_guided` and `adv_uniform`."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fixtures import trained_problem
from qmu.unlearning.methods import adv_uniform, dist_guided
from qmu.unlearning.problem import Ledger

RATE = 0.05


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def steps(module, problem, epochs=1, **settings):
    """The outcome of plain steps on all rows, one an epoch."""
    settings = {"learning_rate": RATE} | settings
    config = module.Config(optimizer="sgd", momentum=0, epochs=epochs, batch_size=10**6, **settings)
    return module.unlearn(fresh(problem), config).parameters


def down(problem, objective, parameters=None):
    """A step down ``objective(parameters)`` from the trained ones."""
    start = problem.parameters if parameters is None else parameters
    return jax.tree.map(lambda p, g: p - RATE * g, start, jax.jit(jax.grad(objective))(start))


def log_p(problem, parameters, inputs):
    return jax.nn.log_softmax(problem.model.logits(parameters, inputs))


def from_target(problem, q):
    """Mean KL(q || p) over the forget set but for a constant."""
    return lambda parameters: (
        -jnp.mean(jnp.sum(q * log_p(problem, parameters, problem.forget.inputs), axis=1))
    )


def close(found, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-12)


def test_without_anchors_and_all_even_the_target_is_uniform(problem):
    q = np.tile([0.5, 0, 0.5], (len(problem.forget), 1))
    expected = down(problem, from_target(problem, q))
    close(steps(dist_guided, problem, anchors=0, uniform=1), expected)


def test_the_target_is_the_written_mixture(problem):
    config = dist_guided.Config(suppressed=0.3, uniform=0.2, temperature=2)
    p = np.exp(log_p(problem, problem.parameters, problem.forget.inputs)).mean(axis=0)
    s = np.sqrt(p[[0, 2]]) / np.sqrt(p[[0, 2]]).sum()
    found = dist_guided.guided(fresh(problem), config)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], 0.3, atol=1e-12)
    expected = np.tile(0.7 * (0.8 * s + 0.1), (len(found), 1))
    np.testing.assert_allclose(found[:, [0, 2]], expected, atol=1e-12)


def test_rows_of_several_classes_have_a_target_for_each_label(problem):
    rows = fresh(problem, classes=(), parts={**problem.parts, "forget": problem.retain})
    found = dist_guided.guided(rows, dist_guided.Config(suppressed=0.25))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    labels = problem.retain.labels
    np.testing.assert_allclose(found[np.arange(len(labels)), labels], 0.25, atol=1e-12)
    assert len(np.unique(found.round(9), axis=0)) == len(np.unique(labels))


def test_anchors_are_the_surest_of_every_class(problem):
    data = problem.retain
    top = log_p(problem, problem.parameters, data.inputs)
    entropy = np.asarray(-jnp.sum(jnp.exp(top) * top, axis=1))
    found = dist_guided.anchored(fresh(problem), 6)
    for label in (0, 2):
        rows = np.flatnonzero(data.labels == label)
        for row in rows[np.argsort(entropy[rows])[:3]]:
            assert any(np.array_equal(data.inputs[row], x) for x in found.inputs)
    assert len(found) == 6


def test_a_loose_constraint_never_acts(problem):
    loose = steps(dist_guided, problem, 3, tolerance=1e9)
    close(loose, steps(dist_guided, problem, 3, anchors=0))


def test_two_steps_raise_the_multiplier_by_the_violation(problem):
    settings = dist_guided.Config(anchors=6, tolerance=0, multiplier_rate=40)
    anchors = dist_guided.anchored(fresh(problem), 6)
    aim = from_target(problem, dist_guided.guided(fresh(problem), settings))

    def apart(parameters):
        top = log_p(problem, parameters, anchors.inputs)
        return jnp.mean(jnp.sum(anchors.labels * (jnp.log(anchors.labels) - top), axis=1))

    first = down(problem, aim)
    nu = 40 * float(apart(first))
    second = down(problem, lambda p: aim(p) + nu * apart(p), first)
    own = {"anchors": 6, "tolerance": 0, "multiplier_rate": 40}
    for name, value in steps(dist_guided, problem, 2, **own).items():
        np.testing.assert_allclose(value, second[name], atol=1e-9)
    assert nu > 1e-3


def test_certainty_is_nothing_where_even_and_log_c_where_sure():
    found = adv_uniform.certainty(np.array([[2.0, 2, 2], [800, 0, 0]]), None, np)
    np.testing.assert_allclose(found, [0, np.log(3)], atol=1e-12)


def kl_to_uniform(problem, parameters, inputs):
    p = jnp.exp(log_p(problem, parameters, inputs))
    return jnp.sum(p * jnp.log(p * p.shape[1]), axis=1)


@pytest.mark.parametrize("epsilon", [0, 0.1])
def test_one_step_of_adv_uniform_is_the_published_one(problem, epsilon):
    x, r = problem.forget.inputs, problem.retain
    low, high = np.min([x.min(), r.inputs.min()]), np.max([x.max(), r.inputs.max()])

    def sure(inputs):
        return jnp.sum(kl_to_uniform(problem, problem.parameters, inputs))

    moved = jnp.clip(x + epsilon * (high - low) * jnp.sign(jax.jit(jax.grad(sure))(x)), low, high)
    if epsilon:
        assert sure(moved) > sure(x)

    def objective(parameters):
        own = log_p(problem, parameters, r.inputs)[np.arange(len(r)), r.labels]
        return -jnp.mean(own) + 0.7 * jnp.mean(kl_to_uniform(problem, parameters, moved))

    found = steps(adv_uniform, problem, epsilon=epsilon, weight=0.7)
    close(found, down(problem, objective))
