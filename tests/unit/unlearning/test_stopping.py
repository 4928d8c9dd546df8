"""The stopping rule: what ends a run, which state it returns, and what it says."""

import dataclasses
import math

import pytest
from fixtures import CLASSES
from qmu.errors import QmuError
from qmu.unlearning.problem import Ledger, Problem
from qmu.unlearning.stopping import Monitor, Stopping


class Scripted(Problem):
    """A problem whose states are dicts that hold their own measurements."""

    def measure(self, parameters, data):
        self.ledger.forward_evaluations += len(data)
        return parameters[data[0]]


class Classes:
    classes = CLASSES


def state(loss, kept, name="x"):
    return {"forget": (loss, 0.5), "validation": (0.0, kept), "name": name}


def problem(start, validation=True, lines=None):
    return Scripted(
        model=Classes(),
        parameters=start,
        parts={"forget": ("forget", 1, 2)}
        | ({"validation": ("validation", 1)} if validation else {}),
        classes=(1,),
        names=("tests",),
        method="tests",
        report=lambda line: None if lines is None else lines.append(line),
        ledger=Ledger(),
    )


GOAL = math.log(CLASSES)


def test_the_goal_is_a_uniform_guess_in_units_of_log_c():
    assert Monitor(problem(state(0, 1)), Stopping()).goal == pytest.approx(GOAL)
    assert Monitor(problem(state(0, 1)), Stopping(forget_loss=2)).goal == pytest.approx(2 * GOAL)


def test_a_run_ends_when_the_forget_loss_reaches_the_goal():
    monitor = Monitor(problem(state(0.1, 0.9)), Stopping())
    monitor.step(state(GOAL - 1e-9, 0.9, "near"))
    assert not monitor.finished
    monitor.step(state(GOAL, 0.9, "there"))
    assert monitor.finished
    outcome = monitor.outcome()
    assert outcome.parameters["name"] == "there"
    assert outcome.history["epoch"] == [1, 2]
    assert outcome.history["loss"] == [GOAL - 1e-9, GOAL]
    assert "uniform guess) at step 2" in outcome.stopped


def test_harm_rewinds_to_the_last_good_state():
    monitor = Monitor(problem(state(0.1, 0.9)), Stopping(validation_drop=0.02))
    monitor.step(state(0.3, 0.881, "good"))
    assert not monitor.finished
    monitor.step(state(0.5, 0.879, "bad"))
    assert monitor.finished
    outcome = monitor.outcome()
    assert outcome.parameters["name"] == "good"
    assert outcome.history["epoch"] == [1, 2]
    expected = "rewound to step 1: validation accuracy 0.879 fell below 0.880"
    assert outcome.stopped == expected


def test_harm_counts_against_the_start_and_not_the_step_before():
    monitor = Monitor(problem(state(0.1, 0.9)), Stopping(validation_drop=0.02))
    for kept in (0.95, 0.89, 0.885):
        monitor.step(state(0.2, kept))
        assert not monitor.finished


def test_harm_in_the_step_that_reaches_the_goal_is_still_harm():
    monitor = Monitor(problem(state(0.1, 0.9, "start")), Stopping())
    monitor.step(state(5.0, 0.2))
    assert monitor.finished
    assert monitor.outcome().parameters["name"] == "start"
    assert "rewound to step 0" in monitor.outcome().stopped


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_rewinds_and_says_so(loss):
    monitor = Monitor(problem(state(0.1, 0.9, "start"), validation=False), Stopping())
    monitor.step(state(loss, 0.9))
    assert monitor.finished
    assert monitor.outcome().parameters["name"] == "start"
    assert monitor.outcome().stopped == f"rewound to step 0: the forget loss is {loss}"


def test_what_is_already_forgotten_is_left_alone():
    monitor = Monitor(problem(state(GOAL + 0.1, 0.9, "start")), Stopping())
    assert monitor.finished
    outcome = monitor.outcome()
    assert outcome.parameters["name"] == "start"
    assert outcome.history == {"epoch": [], "loss": [], "accuracy": []}
    assert "had already reached" in outcome.stopped


def test_without_validation_only_the_goal_counts():
    monitor = Monitor(problem(state(0.1, 0.9), validation=False), Stopping())
    monitor.step(state(0.5, 0.0, "last"))
    assert not monitor.finished
    assert monitor.outcome().parameters["name"] == "last"
    assert monitor.outcome().stopped == "step budget of 400 spent"


def test_measurements_are_charged():
    one = problem(state(0.1, 0.9))
    monitor = Monitor(one, Stopping())
    assert one.ledger.forward_evaluations == 3 + 2
    monitor.step(state(0.2, 0.9))
    assert one.ledger.forward_evaluations == 2 * (3 + 2)


def test_every_step_is_reported_in_one_line():
    lines = []
    monitor = Monitor(problem(state(0.1, 0.9), lines=lines), Stopping())
    monitor.step(state(0.2, 0.9))
    assert lines == [
        "step 1: forget loss 0.2000 of 1.0986, forget accuracy 0.500, validation accuracy 0.900"
    ]


def test_a_rule_needs_a_forget_set():
    one = dataclasses.replace(problem(state(0.1, 0.9)), parts={})
    expected = "tests: its card says reads='none', so it is not given the data to forget; say reads"
    with pytest.raises(QmuError, match=expected):
        Monitor(one, Stopping())
