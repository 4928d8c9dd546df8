"""`ga_released` against momentum written out in NumPy, and how many steps it takes."""

import dataclasses

import numpy as np
import pytest
from fixtures import trained_problem
from qmu.unlearning.methods import ga_released
from qmu.unlearning.problem import Ledger

RATE, MOMENTUM, SIZE = 0.05, 0.9, 4


@pytest.fixture(scope="module")
def problem():
    return trained_problem(retain=False, validation=False)


def fresh(problem):
    return dataclasses.replace(problem, ledger=Ledger())


def unlearned(problem, **settings):
    """The outcome, and the problem that paid for it."""
    own = fresh(problem)
    return ga_released.unlearn(own, ga_released.Config(batch_size=SIZE, **settings)), own


def climbed(problem, steps, nesterov):
    """Steps of ascent by hand: m <- momentum m + g, and x <- x + rate m, or by Nesterov
    x <- x + rate (g + momentum m)."""
    own = fresh(problem)
    parameters = {name: np.array(value) for name, value in problem.parameters.items()}
    moments = {name: np.zeros_like(value) for name, value in parameters.items()}
    for step in range(steps):
        batch = own.batch(own.forget, SIZE, "forget", step)
        gradient = own.gradient(own.model.convert(parameters), batch)
        for name, g in gradient.items():
            g = np.asarray(g)
            moments[name] = MOMENTUM * moments[name] + g
            move = g + MOMENTUM * moments[name] if nesterov else moments[name]
            parameters[name] = parameters[name] + RATE * move
    return parameters


@pytest.mark.parametrize("optimizer", ["nesterov", "sgd"])
@pytest.mark.parametrize("steps", [1, 3])
def test_steps_are_those_of_momentum_uphill(problem, optimizer, steps):
    outcome, _ = unlearned(problem, optimizer=optimizer, steps=steps)
    expected = climbed(problem, steps, optimizer == "nesterov")
    for name, value in expected.items():
        np.testing.assert_allclose(outcome.parameters[name], value, rtol=1e-9, atol=1e-12)


def test_the_forget_loss_rises_and_nothing_stops_it(problem):
    outcome, own = unlearned(problem, steps=15)
    start = own.measure(problem.parameters, problem.forget)[0]
    assert outcome.history["loss"][-1] > outcome.history["loss"][0] > start
    assert outcome.stopped == "all of 15 steps taken"
    assert outcome.history["epoch"] == list(range(1, 16))
    assert own.ledger.gradient_evaluations == 15 * SIZE


def test_passes_go_through_the_whole_forget_set(problem):
    """Whatever ``steps`` says; a batch larger than the forget set is the forget set."""
    outcome, own = unlearned(problem, passes=2, steps=1)
    per_pass = len(problem.forget) // SIZE
    assert len(outcome.history["epoch"]) == 2 * per_pass
    assert own.ledger.gradient_evaluations == 2 * per_pass * SIZE
    own = fresh(problem)
    whole = ga_released.unlearn(own, ga_released.Config(passes=3, batch_size=10**6))
    assert len(whole.history["epoch"]) == 3
    assert own.ledger.gradient_evaluations == 3 * len(problem.forget)


def test_settings_are_those_of_the_released_code():
    """The defaults are those of the basic model."""
    default = ga_released.Config()
    assert (default.optimizer, default.learning_rate, default.steps) == ("nesterov", 0.05, 10)
    assert ga_released.CARD.reads == "forget"
    assert not ga_released.CARD.validation
