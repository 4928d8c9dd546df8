"""The influence step against dense algebra, and against ridge regression, where it is exact."""

import dataclasses
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from fixtures import leaves, same, trained_problem
from qmu.unlearning.methods import influence
from qmu.unlearning.problem import Data, Ledger, in_scope

CONFIG = influence.Config(damping=0.5, iterations=60)


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def flat(parameters):
    return np.concatenate([np.ravel(parameters[name]) for name in sorted(parameters)])


def test_the_step_solves_the_dense_equations(problem):
    """With a damping that makes the matrix definite; Hessian and gradient by JAX alone."""
    names, model = sorted(problem.parameters), problem.model
    shapes = [np.shape(problem.parameters[name]) for name in names]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def loss(vector, data):
        pieces = jax.numpy.split(vector, ends)
        own = {n: p.reshape(s) for n, p, s in zip(names, pieces, shapes, strict=True)}
        return model.mean_loss(own, data.inputs, data.labels)

    start = jax.numpy.asarray(flat(problem.parameters))
    hessian = np.asarray(jax.hessian(lambda v: loss(v, problem.retain))(start))
    gradient = np.asarray(jax.grad(lambda v: loss(v, problem.forget))(start))
    share = len(problem.forget) / len(problem.retain)
    matrix = hessian + CONFIG.damping * np.eye(len(start))
    assert np.linalg.eigvalsh(matrix)[0] > 0
    expected = np.linalg.solve(matrix, share * gradient)
    found = flat(influence.influence(fresh(problem), CONFIG))
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


def test_on_ridge_regression_it_is_retraining():
    """Loss (x.w - y)^2 / 2 with a ridge on all data: mu is the ridge per retained row."""
    rng = np.random.default_rng(0)
    inputs, labels, ridge = rng.normal(size=(30, 4)), rng.normal(size=30), 2.5
    forget, retain = Data(inputs[:6], labels[:6]), Data(inputs[6:], labels[6:])

    def fitted(data):
        x = data.inputs
        return np.linalg.solve(x.T @ x + ridge * np.eye(4), x.T @ data.labels)

    def gradient(parameters, data):
        residual = data.inputs @ parameters["w"] - data.labels
        return {"w": data.inputs.T @ residual / len(data)}

    def product(_, data, vector):
        return {"w": data.inputs.T @ (data.inputs @ vector["w"]) / len(data)}

    regression = SimpleNamespace(
        parameters={"w": fitted(Data(inputs, labels))},
        forget=forget,
        retain=retain,
        gradient=gradient,
        hessian_product=product,
        model=SimpleNamespace(convert=lambda parameters: parameters),
    )
    config = influence.Config(damping=ridge / len(retain), iterations=50)
    step = influence.influence(regression, config)["w"]
    np.testing.assert_allclose(regression.parameters["w"] + step, fitted(retain), rtol=1e-5)


def test_a_large_damping_leaves_the_gradient(problem):
    config = influence.Config(damping=1e6, iterations=5)
    step = flat(influence.influence(fresh(problem), config))
    gradient = flat(fresh(problem).gradient(problem.parameters, problem.forget))
    share = len(problem.forget) / len(problem.retain)
    np.testing.assert_allclose(1e6 * step / share, gradient, rtol=1e-4, atol=1e-9)


def test_it_pays_a_product_per_iteration_and_stays_in_its_scope(problem):
    one = fresh(problem, scope="head")
    outcome = influence.unlearn(one, influence.Config(scope="head", iterations=3))
    assert 0 < one.ledger.hessian_products <= 3 * len(problem.retain)
    assert one.ledger.hessian_products % len(problem.retain) == 0
    before, after = leaves(problem.parameters), leaves(outcome.parameters)
    assert not same(before, after)
    assert all(np.array_equal(before[n], after[n]) for n in before if not in_scope("head", n))


def test_where_the_curvature_is_not_positive_it_says_so_and_stays(problem, monkeypatch):
    def downhill(self, parameters, data, vector):
        return {name: -value for name, value in vector.items()}

    monkeypatch.setattr(type(problem), "hessian_product", downhill)
    outcome = influence.unlearn(fresh(problem), influence.Config(damping=0.1))
    assert same(leaves(outcome.parameters), leaves(problem.parameters))
    assert "not positive" in outcome.stopped
