"""Products with the Hessian and the Fisher matrix, and gradients per sample, against matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu import losses, registry
from qmu.models import curvature, gradients
from qmu.models import model as models

ROUTES = ("lightning.qubit", "default.qubit")
SIZES = {"basic_qnn": 8, "hqnn": 784}


def built(component, device, *, layers=2, precision="double", **training):
    recipe = {"epochs": 2, "batch_size": 5} | training
    module = registry.load("models", component)
    config = module.Config(qubits=3, layers=layers, training=recipe)
    return models.build(component, config.model_dump(mode="json"), 3, device, precision)


def drawn(rng, model, count=7):
    """Parameters of the model, a vector of their shapes, inputs and labels."""
    parameters = model.initial_parameters(rng)
    vector = {name: rng.normal(size=value.shape) for name, value in parameters.items()}
    size = SIZES["hqnn" if model.module.CARD.inputs == "image" else "basic_qnn"]
    return parameters, vector, rng.normal(size=(count, size)), rng.integers(0, 3, count)


def flat(parameters):
    return np.concatenate([np.ravel(parameters[name]) for name in sorted(parameters)])


def matrix(model, parameters, inputs, labels):
    """The Hessian of the mean training loss, dense, in the order of `flat`."""
    blocks = jax.jit(jax.hessian(lambda p: model.mean_loss(p, inputs, labels)))(parameters)
    names = sorted(parameters)
    sizes = [np.size(parameters[name]) for name in names]
    rows = [
        [np.reshape(blocks[a][b], (i, j)) for b, j in zip(names, sizes, strict=True)]
        for a, i in zip(names, sizes, strict=True)
    ]
    return np.block(rows)


@pytest.fixture(params=[(c, d) for c in SIZES for d in ROUTES], ids="-".join)
def model(request):
    return built(*request.param)


# The Hessian.


@pytest.mark.parametrize("loss", ["ce", "bce_sum"])
def test_the_hessian_is_jaxs_on_either_engine(rng, loss):
    host, native = (built("basic_qnn", device, loss=loss) for device in ROUTES)
    parameters, vector, inputs, labels = drawn(rng, native)
    expected = matrix(native, parameters, inputs, labels) @ flat(vector)
    for one in (host, native):
        product = curvature.hessian_product(one)(parameters, inputs, labels, vector)
        np.testing.assert_allclose(flat(product), expected, rtol=0, atol=1e-9)


def test_the_hessian_of_a_softmax_of_linear_scores(rng):
    """Without layers the features are fixed, and the mean of zz' times (diag(p) - pp') is known."""
    model = built("basic_qnn", "default.qubit", layers=0)
    parameters, vector, inputs, labels = drawn(rng, model)
    values, logits = gradients.outputs(model)(parameters, inputs)
    p = np.exp(losses.log_probabilities(np.asarray(logits), np))
    extended = np.concatenate([values, np.ones((len(values), 1))], axis=1)
    stacked = np.concatenate([vector["head/weight"], vector["head/bias"][None]])
    slopes = extended @ stacked
    weights = p * slopes - p * np.sum(p * slopes, axis=1, keepdims=True)
    expected = extended.T @ weights / len(values)
    product = curvature.hessian_product(built("basic_qnn", "default.qubit", layers=0, loss="ce"))(
        parameters, inputs, labels, vector
    )
    np.testing.assert_allclose(product["head/weight"], expected[:-1], atol=1e-12)
    np.testing.assert_allclose(product["head/bias"], expected[-1], atol=1e-12)
    assert product["circuit"].shape == (0, 3, 3)


def test_the_hessian_is_symmetric(rng, model):
    parameters, v, inputs, labels = drawn(rng, model)
    w = {name: rng.normal(size=value.shape) for name, value in v.items()}
    product = curvature.hessian_product(model)
    of_v, of_w = (product(parameters, inputs, labels, x) for x in (v, w))
    scale = np.linalg.norm(flat(of_v)) * np.linalg.norm(flat(w))
    assert flat(w) @ flat(of_v) == pytest.approx(flat(v) @ flat(of_w), abs=1e-12 * scale)


def test_the_hessian_is_the_gradients_derivative(rng, model):
    """Along a step too short to cross a kink of the front end."""
    parameters, vector, inputs, labels = drawn(rng, model, count=3)
    length = 1e-7 / np.linalg.norm(flat(vector))
    ahead, behind = (
        gradients.loss_and_gradient(model)(
            {name: parameters[name] + sign * length * vector[name] for name in vector},
            inputs,
            labels,
        )[1]
        for sign in (1, -1)
    )
    product = flat(curvature.hessian_product(model)(parameters, inputs, labels, vector))
    difference = (flat(ahead) - flat(behind)) / (2 * length)
    np.testing.assert_allclose(product, difference, rtol=0, atol=1e-5 * np.abs(product).max())


# The Fisher matrix and gradients per sample.


def test_the_fisher_product_is_that_of_the_gradients(rng, model):
    parameters, vector, inputs, labels = drawn(rng, model)
    each = curvature.per_sample_gradients(model)(parameters, inputs, labels)
    rows = np.stack([flat({name: g[i] for name, g in each.items()}) for i in range(len(labels))])
    expected = rows.T @ (rows @ flat(vector)) / len(labels)
    product = flat(curvature.fisher_product(model)(parameters, inputs, labels, vector))
    np.testing.assert_allclose(product, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("count", [1, curvature.ROWS, curvature.ROWS + 3])
def test_gradients_per_sample_sum_to_the_mean_gradient(rng, model, count):
    parameters, _, inputs, labels = drawn(rng, model, count)
    each = curvature.per_sample_gradients(model)(parameters, inputs, labels)
    mean = gradients.loss_and_gradient(model)(parameters, inputs, labels)[1]
    assert each.keys() == parameters.keys()
    for name, value in parameters.items():
        assert each[name].shape == (count, *value.shape)
        np.testing.assert_allclose(each[name].sum(axis=0), count * mean[name], atol=1e-11)


def test_gradients_per_sample_are_a_samples_own(rng, model):
    parameters, _, inputs, labels = drawn(rng, model, 4)
    each = curvature.per_sample_gradients(model)(parameters, inputs, labels)
    for i in range(4):
        rows = inputs[i : i + 1], labels[i : i + 1]
        alone = gradients.loss_and_gradient(model)(parameters, *rows)[1]
        for name, value in alone.items():
            np.testing.assert_allclose(each[name][i], value, atol=1e-12)


def test_gradients_per_sample_of_nothing_are_none(rng):
    model = built("basic_qnn", "default.qubit")
    parameters, _, inputs, labels = drawn(rng, model)
    each = curvature.per_sample_gradients(model)(parameters, inputs[:0], labels[:0])
    assert {name: g.shape for name, g in each.items()} == {
        name: (0, *value.shape) for name, value in parameters.items()
    }


# Pieces, precision, engines.


@pytest.mark.parametrize("kind", ["hessian_product", "fisher_product"])
def test_a_product_is_the_mean_over_all_pieces(rng, kind, monkeypatch):
    """Of 4, 4 and 2 samples, the last filled up."""
    model = built("basic_qnn", "default.qubit")
    parameters, vector, inputs, labels = drawn(rng, model, 10)
    whole = getattr(curvature, kind)(model)(parameters, inputs, labels, vector)
    monkeypatch.setattr(curvature, "ROWS", 4)
    pieced = getattr(curvature, kind).__wrapped__(model)(parameters, inputs, labels, vector)
    np.testing.assert_allclose(flat(pieced), flat(whole), atol=1e-13)


@pytest.mark.parametrize("kind", ["hessian_product", "fisher_product"])
def test_products_have_the_models_precision(rng, kind):
    model = built("basic_qnn", "lightning.qubit", precision="single")
    try:
        parameters, vector, inputs, labels = drawn(rng, model)
        inputs = inputs.astype(np.float32)
        product = getattr(curvature, kind)(model)(parameters, inputs, labels, vector)
        each = curvature.per_sample_gradients(model)(parameters, inputs, labels)
        assert {str(value.dtype) for value in (*product.values(), *each.values())} == {"float32"}
    finally:
        jax.config.update("jax_enable_x64", True)


def test_a_host_device_has_a_twin_inside_jax(rng):
    host, native = (built("basic_qnn", device) for device in ROUTES)
    assert curvature.inside_jax(native) == native
    twin = curvature.inside_jax(host)
    assert twin.engine is None
    parameters, _, inputs, _ = drawn(rng, host)
    expected = gradients.outputs(host)(parameters, inputs)[0]
    values = gradients.outputs(twin)(parameters, inputs)[0]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10)


def test_memory_bounds_a_piece(monkeypatch):
    model = built("basic_qnn", "default.qubit")
    assert curvature._most_rows(model) == curvature.ROWS
    monkeypatch.setattr(curvature, "DEFAULT_MEMORY", 1)
    assert curvature._most_rows(model) == 1


def test_a_vector_is_one_of_the_parameters(rng):
    model = built("basic_qnn", "default.qubit")
    parameters, vector, inputs, labels = drawn(rng, model)
    del vector["head/bias"]
    with pytest.raises(ValueError, match="for every parameter"):
        curvature.hessian_product(model)(parameters, inputs, labels, vector)


# Conjugate gradients.


def as_product(dense):
    """A matrix as a product of parameters ``a`` (2, 2) and ``b`` (3,)."""

    def product(x):
        image = dense @ np.concatenate([np.ravel(x["a"]), x["b"]])
        return {"a": image[:4].reshape(2, 2), "b": image[4:]}

    return product


def test_conjugate_gradients_solve(rng):
    root = rng.normal(size=(7, 7))
    dense = root @ root.T + np.eye(7)
    target = {"a": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
    x = curvature.conjugate_gradients(as_product(dense), target, iterations=7, tolerance=1e-12)
    expected = np.linalg.solve(dense, flat(target))
    np.testing.assert_allclose(flat(x), expected, rtol=1e-8)


def test_conjugate_gradients_stop_where_told(rng):
    calls = []

    def product(x):
        calls.append(x)
        return as_product(np.diag(np.arange(1.0, 8)))(x)

    target = {"a": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
    curvature.conjugate_gradients(product, target, iterations=3, tolerance=0)
    assert len(calls) == 3
    calls.clear()
    x = curvature.conjugate_gradients(product, target, iterations=9, tolerance=0.5)
    assert len(calls) < 7
    rest = flat(target) - flat(product(x))
    assert np.linalg.norm(rest) <= 0.5 * np.linalg.norm(flat(target))


def test_conjugate_gradients_end_at_no_positive_curvature(rng):
    target = {"a": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
    x = curvature.conjugate_gradients(as_product(-np.eye(7)), target, iterations=5)
    assert np.all(flat(x) == 0)
    nothing = {name: np.zeros_like(value) for name, value in target.items()}
    assert np.all(flat(curvature.conjugate_gradients(None, nothing, iterations=5)) == 0)


def test_conjugate_gradients_solve_with_a_models_fisher_matrix(rng):
    model = built("basic_qnn", "default.qubit")
    parameters, _, inputs, labels = drawn(rng, model)
    product = curvature.fisher_product(model)

    def damped(v):
        image = product(parameters, inputs, labels, v)
        return {name: np.asarray(image[name]) + 0.1 * np.asarray(v[name]) for name in v}

    target = gradients.loss_and_gradient(model)(parameters, inputs, labels)[1]
    x = curvature.conjugate_gradients(damped, target, iterations=60, tolerance=1e-8)
    np.testing.assert_allclose(flat(damped(x)), flat(target), atol=1e-7)
    assert all(jnp.shape(x[name]) == value.shape for name, value in parameters.items())
