"""Adversarial neighbours: how they are found, what they are called, and a step on them."""

import dataclasses

import jax
import numpy as np
import pytest
from fixtures import trained_problem
from qmu.unlearning import targets
from qmu.unlearning.methods import amun
from qmu.unlearning.problem import Ledger


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def named(problem, inputs):
    return np.asarray(problem.model.logits(problem.parameters, inputs)).argmax(axis=1)


def test_a_neighbour_is_named_as_it_is_labelled_and_no_step_before_is(problem):
    near = amun.neighbours(fresh(problem), amun.Config(distance=4.0, steps=40))
    assert np.array_equal(named(problem, near.inputs), near.labels)
    assert not np.any(near.labels == problem.forget.labels)
    # One step less and some input still has its own name: the search ends at the first that flips.
    fewer = amun.neighbours(fresh(problem), amun.Config(distance=4.0 / 40, steps=1))
    assert np.any(named(problem, fewer.inputs) == problem.forget.labels)


def test_a_step_climbs_the_loss_by_its_length(problem):
    config, forget = amun.Config(distance=0.2, steps=1), problem.forget
    found = amun.neighbours(fresh(problem), config).inputs

    def loss(row, label):
        return problem.model.mean_loss(problem.parameters, row[None], label[None])

    uphill = np.asarray(jax.vmap(jax.grad(loss))(forget.inputs, forget.labels))
    spread = np.linalg.norm(forget.inputs - forget.inputs.mean(axis=0), axis=1).mean()
    still = named(problem, forget.inputs) == forget.labels
    step = 0.2 * spread * uphill / np.linalg.norm(uphill, axis=1, keepdims=True)
    np.testing.assert_allclose(found - forget.inputs, still[:, None] * step, atol=1e-12)


def test_without_a_way_to_go_a_sample_gets_the_likeliest_other_class(problem):
    near = amun.neighbours(fresh(problem), amun.Config(distance=0))
    assert np.array_equal(near.inputs, problem.forget.inputs)
    logits = np.array(problem.model.logits(problem.parameters, problem.forget.inputs))
    logits[:, 1] = -np.inf
    assert np.array_equal(near.labels, logits.argmax(axis=1))


def test_one_step_descends_both_losses(problem):
    size = {"optimizer": "sgd", "momentum": 0, "epochs": 1, "batch_size": 10**6}
    config = amun.Config(**size, learning_rate=0.05, weight=0.7, distance=0.5, steps=3)
    found = amun.unlearn(fresh(problem), config).parameters
    near, retain = amun.neighbours(fresh(problem), config), problem.retain

    def objective(parameters):
        own = problem.model.mean_loss(parameters, retain.inputs, retain.labels)
        return own + 0.7 * problem.model.mean_loss(parameters, near.inputs, near.labels)

    gradient = jax.grad(objective)(problem.parameters)
    for name, value in problem.parameters.items():
        expected = value - 0.05 * gradient[name]
        np.testing.assert_allclose(found[name], expected, atol=1e-12)


def test_rows_of_a_request_may_be_taken_for_any_other_class(problem):
    rows = fresh(problem, classes=(), parts={**problem.parts, "forget": problem.retain})
    near = amun.neighbours(rows, amun.Config())
    allowed = targets.others(rows, problem.retain.labels)
    assert allowed[np.arange(len(near)), near.labels].all()
    assert 1 in near.labels or len(np.unique(near.labels)) > 1


def test_the_search_is_paid_for(problem):
    one = fresh(problem)
    amun.neighbours(one, amun.Config(distance=0.01, steps=2))
    right = int(np.sum(named(problem, problem.forget.inputs) == problem.forget.labels))
    assert one.ledger.gradient_evaluations == 2 * right
    assert one.ledger.forward_evaluations == len(problem.forget) + 2 * right
