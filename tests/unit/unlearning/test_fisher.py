"""The diagonal empirical Fisher against a loop over samples."""

import dataclasses

import jax
import numpy as np
import pytest
from fixtures import leaves, small_model, small_problem
from qmu.unlearning import fisher
from qmu.unlearning.problem import Data, Ledger


@pytest.fixture(scope="module")
def problem():
    return small_problem(small_model(), samples=48)


def fresh(problem):
    return dataclasses.replace(problem, ledger=Ledger())


def looped(problem, data):
    gradient = jax.jit(jax.grad(problem.model.mean_loss))
    total = {name: np.zeros(value.shape) for name, value in problem.parameters.items()}
    for row in range(len(data)):
        one = gradient(problem.parameters, data.inputs[row : row + 1], data.labels[row : row + 1])
        for name, value in one.items():
            total[name] += np.asarray(value) ** 2
    return total


@pytest.mark.parametrize("count", [1, 31, 32, 33, 48])
def test_equals_a_loop_over_samples(problem, count):
    everything = [
        np.concatenate([getattr(p, n) for p in (problem.forget, problem.retain)])
        for n in ("inputs", "labels")
    ]
    data = Data(*(jax.numpy.asarray(part[:count]) for part in everything))
    found = leaves(fisher.sum_of_squares(fresh(problem), data))
    for name, value in looped(problem, data).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-14)


def test_it_is_not_the_square_of_the_mean_gradient(problem):
    found = leaves(fisher.sum_of_squares(fresh(problem), problem.forget))
    mean = leaves(fresh(problem).gradient(problem.parameters, problem.forget))
    count = len(problem.forget)
    for name, value in found.items():
        assert np.all(value / count >= mean[name] ** 2 - 1e-15)
    assert found["circuit"].sum() / count > 1.05 * (mean["circuit"] ** 2).sum()


def test_sums_over_disjoint_sets_add_up(problem):
    half = len(problem.retain) // 2
    inputs, labels = problem.retain.inputs, problem.retain.labels
    parts = Data(inputs[:half], labels[:half]), Data(inputs[half:], labels[half:])
    one, other = (leaves(fisher.sum_of_squares(fresh(problem), part)) for part in parts)
    whole = leaves(fisher.sum_of_squares(fresh(problem), problem.retain))
    for name, value in whole.items():
        np.testing.assert_allclose(one[name] + other[name], value, rtol=1e-10, atol=1e-15)


def test_one_gradient_per_sample_is_charged(problem):
    one = fresh(problem)
    fisher.sum_of_squares(one, problem.retain)
    assert one.ledger == Ledger(gradient_evaluations=len(problem.retain))


def test_dead_angles_have_no_importance(problem):
    found = leaves(fisher.sum_of_squares(fresh(problem), problem.retain))["circuit"]
    assert np.all(found[-1, :, 1] < 1e-28)
    assert np.all(found[0] > 0)
