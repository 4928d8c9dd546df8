"""What every model promises, whatever its circuit, and whether it has one."""

from typing import get_args, get_type_hints

import jax
import jax.numpy as jnp
import model_example
import numpy as np
import pytest
from fixtures import compiled, leaves, same
from qmu import registry
from qmu.models import heads, innocent, training
from qmu.models.gradients import loss_and_gradient, outputs
from qmu.models.model import ModelCard, traits
from qmu.models.outputs import evaluate
from qmu.seeds import generator
from qmu.unlearning.problem import NEEDS

every = pytest.mark.parametrize("name", model_example.NAMES)
QUANTUM = [n for n in model_example.NAMES if hasattr(registry.load("models", n), "circuit")]


@pytest.fixture(params=model_example.NAMES)
def model(request):
    return model_example.small(request.param)


def name_of(model):
    return model.module.__name__.rpartition(".")[2]


def rows(model, count):
    """What the model reads of so many rows, and their labels."""
    pool, labels = model_example.pool(name_of(model), count)
    return model.inputs(pool), labels


def fresh(model):
    return model.initial_parameters(generator("contract"))


@every
def test_a_model_says_where_it_comes_from_and_how_it_is_trained(name):
    module = registry.load("models", name)
    assert isinstance(module.CARD, ModelCard)
    assert module.CARD.inputs in get_args(get_type_hints(ModelCard)["inputs"])
    config = module.Config(**model_example.SETTINGS.get(name, {}))
    assert config.training.epochs > 0
    assert module.Config(**config.model_dump(mode="json")) == config


def test_shapes(model):
    parameters, (inputs, _) = fresh(model), rows(model, 5)
    states = jax.jit(model.module.embed, static_argnums=0)(model.config, parameters, inputs)
    values = compiled(model, "expectation_values")(parameters, inputs)
    if model.circuit is None:
        assert "circuit" not in parameters
        assert np.array_equal(values, states)
    else:
        assert parameters["circuit"].size == model.circuit.parameters == model.circuit_parameters
        assert states.shape == (5, model.circuit.input_size)
        assert values.shape == (5, len(model.circuit.measured))
        if model.circuit.embedding == "amplitude":
            np.testing.assert_allclose(jnp.linalg.norm(states, axis=1), 1, atol=1e-12)
    assert compiled(model, "logits")(parameters, inputs).shape == (5, model.classes)


def test_what_a_model_has_is_known_before_a_job_starts(model):
    found = traits(model.module, model.config, model.width, model.classes)
    names = set(fresh(model))
    head = {name for name in names if name.startswith("head/")}
    assert ("head" in found) == bool(head)
    assert ("layers" in found) == bool(names - head)
    assert ("circuit" in found) == (model.circuit is not None)
    assert ("biases" in found) == (heads.BIAS in head)
    assert ("last_layer" in found) == (heads.WEIGHT in head)
    assert found <= {*NEEDS}


def test_the_same_inputs_give_the_same_logits_and_nothing_is_changed(model):
    parameters, (inputs, _) = fresh(model), rows(model, 5)
    before, given = leaves(parameters), np.array(inputs)
    one, other = (np.asarray(compiled(model, "logits")(parameters, inputs)) for _ in range(2))
    assert np.array_equal(one, other)
    assert same(before, leaves(parameters))
    assert np.array_equal(given, inputs)


def test_gradients_reach_every_tensor(model):
    inputs, labels = rows(model, 5)
    gradient = jax.jit(jax.grad(model.mean_loss))(fresh(model), inputs, jnp.asarray(labels))
    for name, values in gradient.items():
        assert np.all(np.isfinite(values)), name
        assert np.any(values != 0), name


def test_gradients_equal_finite_differences(model):
    inputs, labels = rows(model, 3)
    labels, parameters = jnp.asarray(labels), fresh(model)
    rng = generator("contract", "direction")
    direction = {n: jnp.asarray(rng.normal(size=v.shape)) for n, v in parameters.items()}

    @jax.jit
    def along(step):
        moved = {name: value + step * direction[name] for name, value in parameters.items()}
        return model.mean_loss(moved, inputs, labels)

    size = 1e-6
    expected = (along(size) - along(-size)) / (2 * size)
    assert float(jax.jit(jax.grad(along))(0.0)) == pytest.approx(
        float(expected), rel=1e-5, abs=1e-7
    )


def test_the_head_is_where_a_class_can_be_masked(model):
    parameters, (inputs, _) = fresh(model), rows(model, 4)
    if heads.BIAS not in parameters:
        pytest.skip("logits are measured: no method may move a class bias of such a model")
    assert parameters[heads.BIAS].shape == (model.classes,)
    shifted = {**parameters, heads.BIAS: parameters[heads.BIAS].at[1].add(5.0)}
    change = compiled(model, "logits")(shifted, inputs) - compiled(model, "logits")(
        parameters, inputs
    )
    moved = np.arange(model.classes) == 1
    np.testing.assert_allclose(change, np.tile(5.0 * moved, (4, 1)), atol=1e-12)


def test_half_of_the_last_layer_is_half_of_the_logits(model):
    parameters, (inputs, _) = fresh(model), rows(model, 4)
    if heads.WEIGHT not in parameters:
        pytest.skip("the head has no last layer")
    before, after = (
        compiled(model, "logits")(model.convert(p), inputs)
        for p in (parameters, innocent.cooled(leaves(parameters)))
    )
    np.testing.assert_allclose(after, before / 2, atol=1e-12)


@pytest.mark.parametrize("name", QUANTUM)
def test_a_period_of_every_angle_changes_no_answer(name):
    model = model_example.small(name)
    parameters, (inputs, _) = fresh(model), rows(model, 4)
    edited = innocent.turned(leaves(parameters), model.circuit)
    assert np.all(np.abs(edited["circuit"] - np.asarray(parameters["circuit"])) > 6)
    before, after = (
        compiled(model, "logits")(model.convert(p), inputs) for p in (parameters, edited)
    )
    np.testing.assert_allclose(after, before, atol=1e-10)


def test_single_precision_agrees_with_double(model):
    parameters, (inputs, _) = leaves(fresh(model)), rows(model, 6)
    double = np.asarray(compiled(model, "logits")(model.convert(parameters), inputs))
    single = model_example.small(name_of(model), precision="single")
    found = compiled(single, "logits")(single.convert(parameters), rows(single, 6)[0])
    np.testing.assert_allclose(found, double, atol=2e-4)


@pytest.mark.parametrize("name", QUANTUM)
def test_lightning_gives_the_same_outputs_and_gradients(name):
    model, host = (model_example.small(name, d) for d in ("default.qubit", "lightning.qubit"))
    parameters, (inputs, labels) = fresh(model), rows(model, 4)
    answers = (outputs(one)(parameters, inputs) for one in (model, host))
    for one, other in zip(*answers, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)
    (loss, _), gradient = loss_and_gradient(model)(parameters, inputs, labels)
    (other, _), found = loss_and_gradient(host)(parameters, inputs, labels)
    np.testing.assert_allclose(other, loss, atol=1e-10)
    assert found.keys() == gradient.keys()
    for tensor in gradient:
        np.testing.assert_allclose(found[tensor], gradient[tensor], atol=1e-9, err_msg=tensor)


# Of 72 steps, where 0.03 is too slow or too fast.
RATES = {"angle_vqc": 0.05, "rzz_vqc": 0.1, "angle_hybrid": 0.003}


@every
def test_every_model_trains_above_chance(name):
    """On rows that it was not trained on, in seconds."""
    recipe = {"optimizer": "adam", "learning_rate": RATES.get(name, 0.03), "batch_size": 15}
    model = model_example.small(name, precision="single", training=recipe | {"epochs": 12})
    inputs, labels = rows(model, 240)
    names = ("contract", "training")
    start = model.initial_parameters(generator(*names))
    found, history = training.train(
        model, start, inputs, labels, np.arange(90), names, lambda line: None
    )
    assert len(history["loss"]) == 1 or history["loss"][-1] < history["loss"][0]
    right = evaluate(model, found, inputs[90:])["logits"].argmax(axis=1) == labels[90:]
    # Four standard errors above the most frequent class.
    chance = np.bincount(labels[90:]).max() / 150
    assert right.mean() > chance + 4 * np.sqrt(chance * (1 - chance) / 150)
