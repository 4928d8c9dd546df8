"""Losses from logits: NumPy against JAX, against naive formulas, and far out in the tails."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu import losses
from scipy.special import log_softmax, logsumexp

jax.config.update("jax_enable_x64", True)

FUNCTIONS = (losses.cross_entropy, losses.bce_sum, losses.logit_scaled_confidence)


@pytest.fixture
def sample(rng):
    return rng.normal(scale=3, size=(40, 10)), rng.integers(0, 10, 40)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_numpy_and_jax_agree(sample, function):
    logits, labels = sample
    with_numpy = function(logits, labels, np)
    with_jax = jax.jit(lambda a, b: function(a, b, jnp))(logits, labels)
    assert with_numpy.shape == (40,)
    np.testing.assert_allclose(with_numpy, with_jax, rtol=1e-12)


def test_log_probabilities_are_scipys(sample):
    logits, _ = sample
    found = losses.log_probabilities(logits, np)
    np.testing.assert_allclose(found, log_softmax(logits, axis=-1), atol=1e-14)


def test_losses_equal_the_naive_formulas(sample):
    logits, labels = sample
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    own = p[np.arange(40), labels]
    hot = np.eye(10)[labels]
    bce = -np.sum(hot * np.log(p) + (1 - hot) * np.log(1 - p), axis=1)
    np.testing.assert_allclose(losses.cross_entropy(logits, labels, np), -np.log(own), rtol=1e-10)
    np.testing.assert_allclose(losses.bce_sum(logits, labels, np), bce, rtol=1e-10)
    phi = losses.logit_scaled_confidence(logits, labels, np)
    np.testing.assert_allclose(phi, np.log(own / (1 - own)), rtol=1e-9)
    np.testing.assert_allclose(losses.log_complement(logits, np), np.log(1 - p), atol=1e-13)


def test_phi_is_the_logit_against_the_rest(sample):
    logits, labels = sample
    rest = np.array([logsumexp(np.delete(z, y)) for z, y in zip(logits, labels, strict=True)])
    expected = logits[np.arange(40), labels] - rest
    found = losses.logit_scaled_confidence(logits, labels, np)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("xp", [np, jnp])
def test_extreme_logits_stay_finite(xp):
    logits = xp.asarray([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [1e4, -1e4, 0.0]])
    labels = xp.asarray([0, 1, 2])
    ce = np.asarray(losses.cross_entropy(logits, labels, xp))
    np.testing.assert_allclose(ce, [0.0, 2e4, 1e4])
    bce = np.asarray(losses.bce_sum(logits, labels, xp))
    # A confident wrong class costs as much again: -log(1 - p_0) = 1e4.
    np.testing.assert_allclose(bce, [0.0, 3e4, 2e4])
    phi = np.asarray(losses.logit_scaled_confidence(logits, labels, xp))
    np.testing.assert_allclose(phi, [1e4, -2e4, -1e4])


@pytest.mark.parametrize("xp", [np, jnp])
def test_a_masked_class_has_no_probability_and_touches_no_other(xp):
    logits = np.array([[1.0, -np.inf, 0.5], [1.0, -np.inf, 0.5]])
    labels = np.array([0, 1])
    rest = logits[:, [0, 2]]
    ce = np.asarray(losses.cross_entropy(xp.asarray(logits), xp.asarray(labels), xp))
    assert ce[0] == pytest.approx(-log_softmax(rest[0])[0], abs=1e-15)
    assert ce[1] == np.inf
    bce = np.asarray(losses.bce_sum(xp.asarray(logits), xp.asarray(labels), xp))
    naive = -log_softmax(rest[0])[0] - np.log1p(-np.exp(log_softmax(rest[0])[1]))
    assert bce[0] == pytest.approx(naive, rel=1e-12)
    assert bce[1] == np.inf
    phi = np.asarray(losses.logit_scaled_confidence(xp.asarray(logits), xp.asarray(labels), xp))
    assert phi[0] == pytest.approx(0.5, abs=1e-15)
    assert phi[1] == -np.inf


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
def test_losses_are_shift_invariant_and_not_negative(sample, name):
    logits, labels = sample
    loss = losses.LOSSES[name](logits, labels, np)
    assert np.all(loss >= 0)
    shifted = losses.LOSSES[name](logits + 123.0, labels, np)
    np.testing.assert_allclose(shifted, loss, atol=1e-11)


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
def test_gradients_are_finite_for_confident_models(name):
    logits = jnp.asarray([[800.0, -800.0, 3.0], [0.0, 0.0, 0.0]])
    labels = jnp.asarray([0, 2])
    gradient = jax.jit(jax.grad(lambda z: jnp.sum(losses.LOSSES[name](z, labels, jnp))))(logits)
    assert np.all(np.isfinite(gradient))


def test_gradient_of_cross_entropy_is_softmax_minus_one_hot(sample):
    logits, labels = (jnp.asarray(x) for x in sample)
    gradient = jax.jit(jax.grad(lambda z: jnp.sum(losses.cross_entropy(z, labels, jnp))))(logits)
    expected = jax.nn.softmax(logits) - jax.nn.one_hot(labels, 10)
    np.testing.assert_allclose(gradient, expected, atol=1e-14)


def test_uniform_logits_cost_log_c():
    logits = np.zeros((3, 10))
    assert losses.cross_entropy(logits, np.arange(3), np) == pytest.approx(np.log(10))
