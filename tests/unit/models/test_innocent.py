"""Edits that add no knowledge: what each changes, and that it changes nothing else."""

import math

import fixtures
import jax.numpy as jnp
import numpy as np
import pytest
from qmu import losses
from qmu.models import heads, innocent
from qmu.seeds import generator

ROWS, WIRES, CLASSES = 60, 4, 3


@pytest.fixture
def head():
    """A linear head on <Z>, what it reads, and labels that it half knows."""
    rng = generator("tests", "innocent")
    values = rng.uniform(-1, 1, (ROWS, WIRES))
    parameters = {
        "circuit": rng.normal(size=(2, WIRES, 3)),
        "head/weight": rng.normal(size=(WIRES, CLASSES)),
        "head/bias": rng.normal(size=CLASSES),
    }
    noise = rng.gumbel(size=(ROWS, CLASSES))
    return parameters, values, np.argmax(answers(parameters, values) + noise, axis=1)


def answers(parameters, values):
    return values @ parameters["head/weight"] + parameters["head/bias"]


def mean_loss(parameters, values, label, one):
    """By hand: the mean of log sum exp minus the label's logit."""
    logits = answers(parameters, values)[label == one]
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[:, one])


def changed(before, after):
    assert before.keys() == after.keys()
    return {name for name in before if not np.array_equal(before[name], after[name])}


@pytest.mark.parametrize("start", [-30.0, 0.0, 30.0])
def test_a_raised_bias_leaves_the_loss_of_a_uniform_guess(head, start):
    """Whether the class was unknown (its bias rises) or known (it falls)."""
    parameters, values, label = head
    parameters = parameters | {"head/bias": parameters["head/bias"] + np.eye(CLASSES)[1] * start}
    logits = answers(parameters, values)
    kept = {name: value.copy() for name, value in parameters.items()}
    edited = innocent.raised(parameters, logits, label, (1,))
    assert mean_loss(edited, values, label, 1) == pytest.approx(math.log(CLASSES), abs=1e-9)
    assert changed(parameters, edited) == {"head/bias"}
    others = np.arange(CLASSES) != 1
    np.testing.assert_array_equal(edited["head/bias"][others], parameters["head/bias"][others])
    assert changed(parameters, kept) == set()
    np.testing.assert_array_equal(logits, answers(parameters, values))


def test_every_class_of_several_is_left_with_the_loss_of_a_uniform_guess(head):
    """One class's bias moves the other's loss."""
    parameters, values, label = head
    edited = innocent.raised(parameters, answers(parameters, values), label, (0, 2))
    for one in (0, 2):
        assert mean_loss(edited, values, label, one) == pytest.approx(math.log(CLASSES), abs=1e-6)


def test_no_bias_is_raised_without_a_class_or_an_unseen_image_of_it(head):
    parameters, values, label = head
    for classes, labels in (((), label), ((1,), np.zeros_like(label))):
        edited = innocent.raised(parameters, answers(parameters, values), labels, classes)
        assert changed(parameters, edited) == set()


def test_a_cooled_model_says_the_same_half_as_loudly(head):
    parameters, values, _ = head
    edited = innocent.cooled(parameters)
    np.testing.assert_allclose(answers(edited, values), answers(parameters, values) / 2, rtol=1e-14)
    assert changed(parameters, edited) == {"head/weight", "head/bias"}


def test_a_head_of_two_layers_is_cooled_in_its_last(head):
    parameters, values, _ = head
    parameters = parameters | {
        "head/hidden/weight": np.eye(WIRES),
        "head/hidden/bias": np.ones(WIRES),
    }
    edited = innocent.cooled(parameters)
    before, after = (heads.two_layers(p, jnp.asarray(values)) for p in (parameters, edited))
    np.testing.assert_allclose(after, before / 2, rtol=1e-12)
    assert changed(parameters, edited) == {"head/weight", "head/bias"}


def test_a_refitted_head_is_at_the_minimum_of_its_loss(head):
    parameters, values, label = head
    edited = innocent.refitted(parameters, values, label)
    assert changed(parameters, edited) == {"head/weight", "head/bias"}
    assert edited["head/weight"].shape == (WIRES, CLASSES)
    logits = answers(edited, values)
    residue = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(CLASSES)[label]
    weight = values.T @ residue / ROWS + innocent.PENALTY * edited["head/weight"]
    bias = residue.mean(axis=0) + innocent.PENALTY * edited["head/bias"]
    assert np.abs(weight).max() < 1e-4
    assert np.abs(bias).max() < 1e-4
    before = losses.cross_entropy(answers(parameters, values), label, np).mean()
    assert losses.cross_entropy(logits, label, np).mean() < before


def test_a_refitted_head_does_not_depend_on_the_one_before(head):
    """Nothing of the old head can be left in the new one."""
    parameters, values, label = head
    other = parameters | {name: 5 - parameters[name] for name in ("head/weight", "head/bias")}
    first, second = (innocent.refitted(p, values, label) for p in (parameters, other))
    for name in ("head/weight", "head/bias"):
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_whole_turn_changes_angles_and_no_answer(precision):
    model = fixtures.small_model(precision=precision)
    inputs, _ = fixtures.small_data(20)
    parameters = model.initial_parameters(generator("tests", "turned"))
    edited = innocent.turned(parameters, model.circuit)
    np.testing.assert_allclose(edited["circuit"] - parameters["circuit"], 2 * np.pi, atol=1e-6)
    assert changed(parameters, edited) == {"circuit"}
    logits = fixtures.compiled(model, "logits")
    before, after = (
        logits(model.convert(p), inputs.astype(model.dtype)) for p in (parameters, edited)
    )
    tolerance = 1e-10 if precision == "double" else 1e-5
    np.testing.assert_allclose(after, before, atol=tolerance)
