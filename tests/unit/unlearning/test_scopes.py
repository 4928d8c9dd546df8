"""Scopes, the loop of fine-tuning, and gradients by the inputs."""

import dataclasses

import numpy as np
import pytest
from fixtures import CLASSES, leaves, same, small_model, small_problem, trained_problem
from qmu import losses
from qmu.errors import QmuError
from qmu.models import model as models
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.loops import FineTuning, fine_tune
from qmu.unlearning.problem import Data, Ledger, MethodCard, Outcome, in_scope

SCOPES = ("circuit", "classical", "head")


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("method", ["ga", "ssd"])
def test_what_is_not_in_the_scope_stays_bit_for_bit(problem, method, scope):
    one, module = fresh(problem, scope=scope), load_method(method)
    outcome = module.unlearn(one, module.Config(scope=scope))
    assert checked(outcome, one, method, module.CARD) is outcome
    for name, before in leaves(problem.parameters).items():
        if not in_scope(scope, name):
            assert np.array_equal(outcome.parameters[name], before)


def test_a_method_that_leaves_its_scope_is_told(problem):
    moved = {name: value + 1 for name, value in problem.parameters.items()}
    one = fresh(problem, scope="head")
    with pytest.raises(QmuError, match="changed 'circuit', though scope is 'head'"):
        checked(Outcome(moved, "done"), one, "mine", MethodCard("Mine", "me", "forget"))


def test_fine_tuning_takes_whole_epochs_and_pays_for_them(problem):
    one, config = fresh(problem), FineTuning(epochs=3, batch_size=8, learning_rate=0.01)
    seen = []
    outcome = fine_tune(
        one,
        config,
        lambda minibatch, parameters: one.gradient(parameters, minibatch.retain),
        after_epoch=lambda epoch, parameters: seen.append(epoch),
    )
    steps = len(problem.retain) // 8
    assert seen == outcome.history["epoch"] == [1, 2, 3]
    assert outcome.end.steps == 3 * steps
    assert one.ledger.gradient_evaluations == 3 * steps * 8
    assert one.ledger.forward_evaluations == 3 * len(problem.forget)
    before = one.training_loss(problem.parameters, problem.retain)
    assert one.training_loss(outcome.parameters, problem.retain) < before


def test_a_gradient_of_zero_moves_nothing(problem):
    for optimizer in ("adam", "sgd"):
        config = FineTuning(epochs=1, optimizer=optimizer)
        outcome = fine_tune(
            fresh(problem), config, lambda _, parameters: {n: 0 * v for n, v in parameters.items()}
        )
        assert same(leaves(outcome.parameters), leaves(problem.parameters))


@pytest.mark.parametrize("device", ["default.qubit", "lightning.qubit"])
def test_gradients_by_the_inputs_are_differences(device):
    settings = dict(small_model().config.model_dump())
    model = models.build("basic_qnn", settings, CLASSES, device, "double")
    one = small_problem(model)
    data = Data(one.forget.inputs[:3], one.forget.labels[:3])
    found = one.input_gradient(one.parameters, data)
    assert found.shape == data.inputs.shape
    assert one.ledger.gradient_evaluations == 3
    width = 1e-6
    for column in (0, 7):
        ends = []
        for sign in (1, -1):
            moved = np.array(data.inputs)
            moved[:, column] += sign * width
            logits = one.logits(one.parameters, Data(moved, data.labels))
            ends.append(losses.cross_entropy(logits, data.labels, np))
        np.testing.assert_allclose(found[:, column], (ends[0] - ends[1]) / 2 / width, atol=1e-7)


def test_divergence_is_zero_at_its_targets_and_known_for_two_classes():
    logits = np.array([[0.3, -1.0, 2.0], [0.0, 5.0, -5.0]])
    own = np.exp(losses.log_probabilities(logits / 2, np))
    np.testing.assert_allclose(losses.divergence_at(2.0)(logits, own, np), 0, atol=1e-15)
    found = losses.divergence(np.zeros((1, 2)), np.array([[1.0, 0.0]]), np)
    np.testing.assert_allclose(found, np.log(2), atol=1e-15)
