"""The attack network: it learns, ignores padding, and does not depend on the process."""

import jax
import numpy as np
import pytest
from qmu.attacks import network as _mlp

SETTINGS = {"hidden": 16, "dropout": 0.3, "learning_rate": 0.01, "steps": 60}


def _xor(n=256, seed=0):
    inputs = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return inputs, (inputs[:, 0] * inputs[:, 1] > 0).astype(float)


def _train(inputs, targets, weights=None, names=(("a",),), **changes):
    count = len(names)
    weights = np.ones(len(targets)) if weights is None else weights
    stack = [np.stack([array] * count) for array in (inputs, targets, weights)]
    return _mlp.train(*stack, **{**SETTINGS, **changes}, names=list(names))


def _single(networks, number=0):
    return {name: value[number] for name, value in networks.items()}


def test_learns_what_no_linear_model_can():
    network = _single(_train(*_xor(), steps=400, hidden=64))
    inputs, targets = _xor(seed=1)
    assert np.mean((_mlp.logit(network, inputs) > 0) == targets) > 0.9


def test_start_is_uniform_within_the_bound_of_the_fan_in():
    start = _mlp.initial(13, 64, ("n",))
    assert {name: value.shape for name, value in start.items()} == {
        "hidden_1/weight": (13, 64),
        "hidden_1/bias": (64,),
        "hidden_2/weight": (64, 64),
        "hidden_2/bias": (64,),
        "output/weight": (64, 1),
        "output/bias": (1,),
    }
    spread = np.abs(start["hidden_2/weight"])
    assert spread.max() <= 1 / 8
    assert abs(spread.mean() - 1 / 16) < 0.003


def test_numpy_output_is_the_network_that_was_trained():
    """The first Adam step moves every weight with a gradient by the learning rate, by its sign:
    the gradient comes from JAX, its sign here from finite differences of the NumPy output."""
    inputs, targets = _xor(64)
    names = (("a",),)
    start = _mlp.initial(2, 16, names[0])
    moved = _single(_train(inputs, targets, names=names, steps=1, dropout=0.0))

    def loss(network):
        output = _mlp.logit(network, inputs)
        return np.mean(np.logaddexp(0, output) - targets * output)

    for row in range(16):
        change = moved["output/weight"][row, 0] - start["output/weight"][row, 0]
        nudged = {**start, "output/weight": start["output/weight"].copy()}
        nudged["output/weight"][row, 0] += 0.01
        slope = (loss(nudged) - loss(start)) / 0.01
        if abs(slope) > 1e-3:
            assert change == pytest.approx(-0.01 * np.sign(slope), rel=1e-3)


def test_rows_of_weight_zero_change_nothing():
    inputs, targets = _xor(40)
    weights = np.r_[np.ones(30), np.zeros(10)]
    spoilt = np.where(weights[:, None] > 0, inputs, 50.0)
    first = _train(inputs, targets, weights)
    second = _train(spoilt, 1 - targets * (weights > 0), weights)
    # Targets of the kept rows agree with the first run's, all else is poisoned.
    second_targets = np.where(weights > 0, targets, 1 - targets)
    third = _train(spoilt, second_targets, weights)
    for name in first:
        np.testing.assert_allclose(first[name], third[name], rtol=1e-4, atol=1e-5)
    assert not np.allclose(first["output/weight"], second["output/weight"], atol=1e-3)


def test_networks_trained_together_are_those_trained_alone():
    inputs, targets = _xor()
    names = (("fold", 0), ("fold", 1))
    together = _train(inputs, targets, names=names)
    for number, path in enumerate(names):
        alone = _train(inputs, targets, names=(path,))
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][number], value[0], rtol=1e-3, atol=1e-4)
    assert not np.allclose(together["output/weight"][0], together["output/weight"][1])


def test_precision_of_the_process_does_not_matter():
    before = jax.config.read("jax_enable_x64")
    found = []
    try:
        for flag in (False, True):
            jax.config.update("jax_enable_x64", flag)
            _mlp._trainer.cache_clear()
            found.append(_train(*_xor()))
            assert jax.config.read("jax_enable_x64") is flag
    finally:
        jax.config.update("jax_enable_x64", before)
    for name, value in found[0].items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, found[1][name])


def test_dropout_acts_and_is_drawn_by_name():
    inputs, targets = _xor()
    without = _train(inputs, targets, dropout=0.0)
    with_it = _train(inputs, targets, dropout=0.3)
    assert not np.allclose(without["hidden_2/weight"], with_it["hidden_2/weight"], atol=1e-3)
