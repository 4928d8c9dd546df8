"""The two routes of `models.gradients`: calls between compiled parts, and one compiled program."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu import registry
from qmu.losses import LOSSES
from qmu.models import gradients, training
from qmu.models import model as models
from qmu.models.recipe import Private

ROUTES = ("lightning.qubit", "default.qubit")


def built(component, device):
    config = {"qubits": 4, "layers": 2, "training": {"epochs": 2, "batch_size": 5}}
    module = registry.load("models", component)
    settings = module.Config(**config).model_dump(mode="json")
    return models.build(component, settings, 3, device, "double")


@pytest.fixture(params=["basic_qnn", "hqnn"])
def case(request, rng):
    size = 784 if request.param == "hqnn" else 16
    inputs, labels = rng.normal(size=(11, size)), rng.integers(0, 3, 11)
    host, native = (built(request.param, device) for device in ROUTES)
    parameters = native.initial_parameters(rng)
    return host, native, parameters, jnp.asarray(inputs), jnp.asarray(labels)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-10, err_msg=name)


def test_the_routes_are_what_they_should_be(case):
    host, native = case[:2]
    assert host.engine is not None
    assert native.engine is None


def test_outputs_agree(case):
    host, native, parameters, inputs, _ = case
    for found, expected in zip(
        gradients.outputs(host)(parameters, inputs),
        gradients.outputs(native)(parameters, inputs),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_loss_accuracy_and_gradient_agree_with_plain_differentiation(case):
    host, native, parameters, inputs, labels = case
    expected = jax.grad(native.mean_loss)(parameters, inputs, labels)
    loss = LOSSES[native.config.training.loss]
    logits = native.logits(parameters, inputs)
    for model in (host, native):
        found, gradient = gradients.loss_and_gradient(model)(parameters, inputs, labels)
        assert_same(gradient, expected)
        assert float(found[0]) == pytest.approx(float(loss(logits, labels, jnp).mean()))
        assert float(found[1]) == np.mean(np.argmax(logits, axis=-1) == labels)


def test_squared_gradients_agree_with_a_loop(case):
    host, native, parameters, inputs, labels = case
    weights = jnp.asarray([1.0] * 9 + [0.5, 0.0])
    gradient = jax.jit(jax.grad(native.mean_loss))
    each = [gradient(parameters, inputs[i : i + 1], labels[i : i + 1]) for i in range(11)]
    expected = {
        name: sum(w * g[name] ** 2 for w, g in zip(weights, each, strict=True)) for name in each[0]
    }
    for model in (host, native):
        found = gradients.squared_gradients(model)(parameters, inputs, labels, weights)
        assert_same(found, expected)


def private(model, **settings):
    """The model with private training."""
    training = model.config.training.model_copy(update={"private": Private(**settings)})
    return dataclasses.replace(model, config=model.config.model_copy(update={"training": training}))


@pytest.mark.parametrize("clip", [0.7, 100.0])
def test_clipped_gradients_agree_with_a_loop(case, clip):
    host, native, parameters, inputs, labels = case
    weights = jnp.asarray([1.0] * 9 + [0.0, 0.0])
    gradient = jax.jit(jax.value_and_grad(native.mean_loss))
    expected, losses, cut = {name: 0.0 for name in parameters}, [], 0
    for i in range(11):
        loss, own = gradient(parameters, inputs[i : i + 1], labels[i : i + 1])
        norm = np.sqrt(sum(float(np.sum(np.square(g))) for g in own.values()))
        losses.append(loss)
        cut += norm > clip
        for name, g in own.items():
            expected[name] += weights[i] * g * min(1.0, clip / norm)
    assert cut > 0 if clip < 1 else cut == 0
    for model in (private(host, clip=clip), private(native, clip=clip)):
        clipped = gradients.clipped_gradients(model)
        (found, hits), sums = clipped(parameters, inputs, labels, weights)
        assert_same(sums, expected)
        np.testing.assert_allclose(found, losses, atol=1e-10)
        answers = np.argmax(native.logits(parameters, inputs), axis=-1)
        np.testing.assert_array_equal(hits, answers == labels)


@pytest.mark.parametrize("recipe", ["plain", "private"])
def test_training_takes_the_same_steps_on_both_routes(case, recipe):
    host, native, parameters, inputs, labels = case
    if recipe == "private":
        host, native = private(host), private(native)
    results = [
        training.train(
            model,
            parameters,
            inputs,
            np.asarray(labels),
            np.arange(11),
            ("tests", "routes"),
            lambda line: None,
        )
        for model in (host, native)
    ]
    assert_same(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1]["loss"], results[1][1]["loss"], rtol=1e-12)
    # Shares of right answers are single-precision means on either route.
    found, expected = (result[1]["accuracy"] for result in results)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def to_targets(logits, targets, xp):
    """Half the squared distance to target scores."""
    return 0.5 * xp.sum((logits - targets) ** 2, axis=-1)


def test_the_gradient_of_another_loss_agrees_with_plain_differentiation(case, rng):
    host, native, parameters, inputs, _ = case
    targets = jnp.asarray(rng.normal(size=(len(inputs), 3)))

    def mean(parameters):
        return to_targets(native.logits(parameters, inputs), targets, jnp).mean()

    expected = jax.grad(mean)(parameters)
    for model in (host, native):
        assert_same(gradients.gradient_of(model, to_targets)(parameters, inputs, targets), expected)


@pytest.mark.parametrize("device", ROUTES)
def test_a_circuit_without_angles_has_no_gradient_by_them(rng, device):
    settings = registry.load("models", "basic_qnn").Config(qubits=4, layers=0)
    model = models.build("basic_qnn", settings.model_dump(mode="json"), 3, device, "double")
    parameters = model.initial_parameters(rng)
    inputs, labels = rng.normal(size=(5, 16)), rng.integers(0, 3, 5)
    squares = gradients.squared_gradients(model)(parameters, inputs, labels, np.ones(5))
    assert squares["circuit"].shape == (0, 4, 3)
