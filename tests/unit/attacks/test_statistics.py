"""The grey-box features: values, finiteness, and an order of samples that ignores the class."""

import numpy as np
import pytest
from attack_example import FORGET, suppressed, view
from qmu.attacks import statistics as _features
from qmu.attacks.statistics import LOSS_CAP, features, training_loss
from qmu.data.splits import scattered_order
from scipy.special import log_softmax, softmax


def test_features_are_the_published_thirteen():
    given = view(n=200)
    found = features(given.logits, given.label, "ce")
    probabilities = softmax(given.logits, axis=1)
    assert found.shape == (200, 13)
    np.testing.assert_allclose(found[:, :10], probabilities, rtol=1e-12)
    np.testing.assert_array_equal(found[:, 10], found[:, :10].max(axis=1))
    np.testing.assert_array_equal(found[:, 11], given.logits.argmax(axis=1) == given.label)
    expected = -log_softmax(given.logits, axis=1)[np.arange(200), given.label]
    np.testing.assert_allclose(found[:, 12], expected, rtol=1e-10, atol=1e-14)


def test_bce_sum_is_the_sum_of_binary_cross_entropies():
    given = view(n=100)
    p = softmax(given.logits, axis=1)
    truth = np.eye(10)[given.label]
    expected = -(truth * np.log(p) + (1 - truth) * np.log1p(-p)).sum(axis=1)
    found = features(given.logits, given.label, "bce_sum")[:, 12]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


@pytest.mark.parametrize("loss", ["ce", "bce_sum"])
@pytest.mark.filterwarnings("error")
def test_a_masked_logit_leaves_features_finite_and_the_loss_infinite(loss):
    given = suppressed(view(n=200), np.inf)
    found = features(given.logits, given.label, loss)
    assert np.isfinite(found).all()
    masked = given.label == FORGET
    np.testing.assert_array_equal(found[masked, 12], LOSS_CAP)
    raw = training_loss(given.logits, given.label, loss)
    assert np.isposinf(raw[masked]).all()
    assert np.isfinite(raw[~masked]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_without_a_loss_are_refused(bad):
    with pytest.raises(ValueError, match="finite or minus infinity"):
        training_loss(np.array([[0.0, bad]]), np.array([0]), "ce")


def test_chunks_do_not_change_losses(monkeypatch):
    given = view(n=200)
    whole = training_loss(given.logits, given.label, "bce_sum")
    monkeypatch.setattr(_features, "CHUNK", 7)
    np.testing.assert_array_equal(training_loss(given.logits, given.label, "bce_sum"), whole)


def test_scattered_order_mixes_classes_and_depends_on_ids_alone():
    ids = np.arange(5000)
    order = scattered_order(ids)
    assert sorted(order) == list(range(5000))
    first = ids[order[:500]] // 500
    # 50 expected per class, standard deviation 6.7.
    assert np.all(np.abs(np.bincount(first, minlength=10) - 50) < 27)
    shuffled = np.random.default_rng(0).permutation(ids)
    np.testing.assert_array_equal(shuffled[scattered_order(shuffled)], ids[order])
