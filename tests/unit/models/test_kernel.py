"""Fidelity kernels: by definition, in closed form, and rows taken out against a fresh fit."""

import jax.numpy as jnp
import model_example
import numpy as np
import pytest
from qmu import registry
from qmu.models import embeddings, kernel, training
from qmu.models.outputs import evaluate
from qmu.seeds import generator

KIND = registry.load("models", "kernel_clf")
EMBEDDINGS = ("amplitude", "angle", "compact_angle", "block_amplitude")


def drawn(rows, size, name="states", complex_=True):
    rng = generator("tests", "kernel", name)
    found = rng.normal(size=(rows, size)) + 1j * complex_ * rng.normal(size=(rows, size))
    found = found if complex_ else found.real
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def problem(rows=40, penalty=0.3):
    """A kernel matrix, targets of three classes, and the rows to forget."""
    states = drawn(rows, 8)
    labels = generator("tests", "kernel", "labels").integers(0, 3, rows)
    return kernel.fidelity(states, states), kernel.targets(labels, 3), np.arange(rows) % 7 == 2


@pytest.mark.parametrize("complex_", [False, True])
def test_the_fidelity_is_an_inner_product_of_density_matrices(complex_):
    first, second = (drawn(n, 8, n, complex_) for n in (5, 6))
    vectors = [kernel.density(states, np) for states in (first, second)]
    assert vectors[0].shape == (5, kernel.dimension(8, not complex_))
    np.testing.assert_allclose(
        vectors[0] @ vectors[1].T, kernel.fidelity(first, second), atol=1e-14
    )
    own = kernel.fidelity(first, first)
    np.testing.assert_allclose(np.diag(own), 1)
    assert np.linalg.eigvalsh(own).min() > -1e-12
    assert own.min() >= 0
    # JAX in the precision that this process happens to have.
    inside = kernel.density(jnp.asarray(first), jnp)
    np.testing.assert_allclose(inside, vectors[0], rtol=1e-5, atol=1e-6)


def test_rows_taken_out_leave_what_a_fresh_fit_gives():
    matrix, wanted, forget = problem()
    found = kernel.without(kernel.inverse(matrix, 0.3), forget) @ wanted[~forget]
    kept = matrix[np.ix_(~forget, ~forget)]
    again = np.linalg.solve(kept + 0.3 * np.eye(len(kept)), wanted[~forget])
    np.testing.assert_allclose(found, again, atol=1e-8)


def test_rows_may_be_taken_out_in_any_order():
    matrix, _, forget = problem()
    whole = kernel.inverse(matrix, 0.3)
    together = kernel.without(whole, forget)
    for order in (np.flatnonzero(forget), np.flatnonzero(forget)[::-1]):
        left, ids = whole, np.arange(len(matrix))
        for row in order:
            left = kernel.without(left, ids == row)
            ids = ids[ids != row]
        np.testing.assert_allclose(left, together, atol=1e-8)


def test_alignment_of_kernels():
    matrix, wanted, _ = problem()
    assert kernel.alignment(matrix, 3 * matrix) == pytest.approx(1)
    assert kernel.alignment(matrix, wanted @ wanted.T) < 1
    assert kernel.alignment(np.diag([1.0, 0]), np.diag([0, 1.0])) == 0


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_the_classifier_is_the_regression_with_its_kernel(embedding):
    """Scores sum_i alpha_i k(x_i, x), from states written down by hand."""
    settings = {"qubits": 2, "embedding": embedding, "penalty": 0.2}
    model = model_example.small("kernel_clf", **settings)
    width = embeddings.capacity(embedding, 2, 2)
    rng = generator("tests", "kernel", "rows")
    rows, labels = rng.uniform(0.1, 1, (12, width)), rng.integers(0, 3, 12)
    states = np.array([by_hand(embedding, row) for row in rows])
    fitted = model.convert(KIND.fit(model.config, rows[:9], labels[:9], 3))
    matrix = kernel.fidelity(states, states[:9])
    dual = np.linalg.solve(matrix[:9] + 0.2 * np.eye(9), kernel.targets(labels[:9], 3))
    found = evaluate(model, fitted, rows)
    np.testing.assert_allclose(found["logits"], matrix @ dual, atol=1e-8)
    np.testing.assert_allclose(found["expectation_values"], found["logits"])


def by_hand(embedding, row):
    """The state of two qubits."""
    half = np.pi * row / 2
    if embedding == "amplitude":
        return row / np.linalg.norm(row)
    if embedding == "block_amplitude":
        return np.kron(*(part / np.linalg.norm(part) for part in np.split(row, 2)))
    if embedding == "angle":
        return np.kron(*([np.cos(a), np.sin(a)] for a in half))
    pairs = []
    for a, b in zip(half[:2], half[2:], strict=True):
        turned = np.array([np.cos(a), -1j * np.sin(a)])
        pairs.append(np.array([[np.cos(b), -np.sin(b)], [np.sin(b), np.cos(b)]]) @ turned)
    return np.kron(*pairs)


def test_unlearning_by_down_dating_is_retraining():
    """From the inverse of all rows to the parameters of a model that never saw some of them."""
    model = model_example.small("kernel_clf", penalty=0.1)
    pool, labels = model_example.pool("kernel_clf", 50)
    rows, forget = model.inputs(pool), labels == 1
    densities = kernel.density(np.asarray(KIND.states(model.config, jnp.asarray(rows))), np)
    inverse = kernel.without(kernel.inverse(densities @ densities.T, 0.1), forget)
    dual = inverse @ kernel.targets(labels[~forget], 3)
    retrained = KIND.fit(model.config, rows[~forget], labels[~forget], 3)
    np.testing.assert_allclose(densities[~forget].T @ dual, retrained[KIND.SCORES], atol=1e-8)


def test_training_is_a_fit_and_costs_one_look_at_every_row():
    model = model_example.small("kernel_clf")
    pool, labels = model_example.pool("kernel_clf", 60)
    rows, members, lines = model.inputs(pool), np.arange(40), []
    start = model.initial_parameters(generator("tests", "kernel", "start"))
    found, history = training.train(model, start, rows, labels, members, ("x",), lines.append)
    expected = KIND.fit(model.config, rows[:40], labels[:40], 3)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    assert history["epoch"].tolist() == [1]
    assert len(lines) == 1
    right = evaluate(model, found, rows[:40])["logits"].argmax(axis=1) == labels[:40]
    assert history["accuracy"].tolist() == [right.mean()]
    assert training.evaluations(model, np.arange(40)) == {"forward_evaluations": 40}
    (alone, _), (again, _) = training.train_fleet(
        model, [start] * 2, rows, labels, [members, members], [("x",), ("y",)], lines.append
    )
    np.testing.assert_array_equal(alone[KIND.SCORES], again[KIND.SCORES])


@pytest.mark.parametrize(("key", "value"), [("private", {}), ("federated", {"column": "client"})])
def test_a_recipe_of_steps_is_refused(key, value):
    config = KIND.Config(training={key: value})
    with pytest.raises(ValueError, match=rf"^training\.{key}: is a way of taking steps"):
        KIND.check(config, 16, 3)
