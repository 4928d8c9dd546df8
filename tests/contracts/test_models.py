"""What every model promises, whatever its circuit."""

from pathlib import Path
from typing import get_args, get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fixtures import compiled, leaves, same
from qmu import registry
from qmu.models import model as models
from qmu.models.model import ModelCard
from qmu.seeds import generator

NAMES = registry.names("models")
OWN = {"file": str(Path(__file__).parents[1] / "examples" / "own_qnode.py")}
SMALL = {name: {"qubits": 4, "layers": 1} for name in NAMES} | {"qnode": OWN}
CLASSES = 3


@pytest.fixture(params=NAMES)
def model(request):
    return models.build(request.param, SMALL[request.param], CLASSES, "default.qubit", "double")


def pool_of(count, features=16):
    rng = generator("contract", "pool")
    return {
        "image": rng.integers(0, 256, (count, 784)).astype(np.uint8),
        "features": rng.normal(size=(count, features)),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_model_says_where_it_comes_from_and_how_it_is_trained(name):
    module = registry.load("models", name)
    assert isinstance(module.CARD, ModelCard)
    assert module.CARD.inputs in get_args(get_type_hints(ModelCard)["inputs"])
    config = module.Config(**SMALL[name])
    assert config.training.epochs > 0
    assert module.Config(**config.model_dump(mode="json")) == config


def test_shapes(model):
    parameters = model.initial_parameters(generator("contract"))
    inputs = model.inputs(pool_of(5))
    circuit = model.module.circuit(model.config)
    assert parameters["circuit"].size == circuit.parameters == model.circuit_parameters
    assert parameters["head/bias"].shape == (CLASSES,)
    states = jax.jit(model.module.embed, static_argnums=0)(model.config, parameters, inputs)
    assert states.shape == (5, circuit.input_size)
    np.testing.assert_allclose(jnp.linalg.norm(states, axis=1), 1, atol=1e-12)
    assert compiled(model, "expectation_values")(parameters, inputs).shape == (
        5,
        len(circuit.measured),
    )
    assert compiled(model, "logits")(parameters, inputs).shape == (5, CLASSES)


def test_the_same_inputs_give_the_same_logits_and_nothing_is_changed(model):
    parameters = model.initial_parameters(generator("contract"))
    inputs = model.inputs(pool_of(5))
    before, rows = leaves(parameters), np.array(inputs)
    one, other = (np.asarray(compiled(model, "logits")(parameters, inputs)) for _ in range(2))
    assert np.array_equal(one, other)
    assert same(before, leaves(parameters))
    assert np.array_equal(rows, inputs)


def test_gradients_reach_every_tensor(model):
    inputs, labels = model.inputs(pool_of(5)), jnp.asarray([0, 1, 2, 0, 1])
    parameters = model.initial_parameters(generator("contract"))
    gradient = jax.jit(jax.grad(model.mean_loss))(parameters, inputs, labels)
    for name, values in gradient.items():
        assert np.all(np.isfinite(values)), name
        assert np.any(values != 0), name


def test_gradients_equal_finite_differences(model):
    inputs, labels = model.inputs(pool_of(3)), jnp.asarray([0, 1, 2])
    parameters = model.initial_parameters(generator("contract"))
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
    parameters = model.initial_parameters(generator("contract"))
    inputs = model.inputs(pool_of(4))
    shifted = {**parameters, "head/bias": parameters["head/bias"].at[1].add(5.0)}
    change = compiled(model, "logits")(shifted, inputs) - compiled(model, "logits")(
        parameters, inputs
    )
    np.testing.assert_allclose(change, np.tile([0.0, 5.0, 0.0], (4, 1)), atol=1e-12)


def test_single_precision_agrees_with_double(model):
    parameters = leaves(model.initial_parameters(generator("contract")))
    double = np.asarray(
        compiled(model, "logits")(model.convert(parameters), model.inputs(pool_of(6)))
    )
    name = model.module.__name__.rpartition(".")[2]
    single = models.build(name, SMALL[name], CLASSES, "default.qubit", "single")
    found = compiled(single, "logits")(single.convert(parameters), single.inputs(pool_of(6)))
    np.testing.assert_allclose(found, double, atol=2e-4)
