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


def problem(start, validation=True, lines=None, **more):
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
        reference=GOAL,
        **more,
    )


GOAL = 2.5
UNIT = math.log(CLASSES)


def test_the_goal_is_what_retrained_shadow_models_have():
    assert Monitor(problem(state(0, 1)), Stopping()).goal == GOAL


def test_without_shadow_models_the_goal_must_be_a_number():
    one = dataclasses.replace(problem(state(0, 1)), reference=None)
    expected = "tests: stopping.forget_loss: 'shadows' needs retrained shadow models"
    with pytest.raises(QmuError, match=expected):
        Monitor(one, Stopping())
    assert Monitor(one, Stopping(forget_loss=2)).goal == pytest.approx(2 * UNIT)


def path_of(losses, levels, kept=0.9, rule=None):
    """The outcome of a run through these forget losses, with the levels of its path."""
    clock = iter(range(100))
    one = problem(state(0.1, 0.9, "start"), levels=levels, clock=lambda: {"lap": [next(clock)]})
    monitor = Monitor(one, rule or Stopping())
    for number, loss in enumerate(losses, start=1):
        assert not monitor.finished
        monitor.step(state(loss, kept, f"step {number}"))
    return monitor, monitor.outcome()


def test_every_level_of_the_path_is_the_first_state_that_reached_it():
    monitor, outcome = path_of([0.5, 1.5 * UNIT, 2.6, 4 * UNIT], levels=(0.25, 1, 4))
    assert monitor.finished
    assert outcome.parameters["name"] == "step 3"
    names = {level: one.parameters["name"] for level, one in outcome.path.items()}
    assert names == {0.25: "step 1", 1: "step 2", 4: "step 4"}
    assert [outcome.path[level].steps for level in (0.25, 1, 4)] == [1, 2, 4]
    assert outcome.end.steps == 3
    assert outcome.history["epoch"] == [1, 2, 3]
    histories = {level: one.history["epoch"] for level, one in outcome.path.items()}
    assert histories == {0.25: [1], 1: [1, 2], 4: [1, 2, 3, 4]}
    assert outcome.path[4].history["loss"][:3] == outcome.history["loss"]


def test_a_state_is_charged_for_what_led_to_it_alone():
    """The run goes on for the sake of its path: the method does not pay for that."""
    _, whole = path_of([0.5, 2.6, 4 * UNIT], levels=(4,))
    _, short = path_of([0.5, 2.6], levels=())
    assert whole.end.ledger == short.end.ledger
    assert whole.path[4].ledger.forward_evaluations > whole.end.ledger.forward_evaluations
    assert whole.end.timing["lap"] < whole.path[4].timing["lap"]


def test_harm_on_the_way_to_a_further_level_does_not_undo_the_goal():
    one = problem(state(0.1, 0.9, "start"), levels=(4,))
    monitor = Monitor(one, Stopping())
    monitor.step(state(2.6, 0.9, "goal"))
    monitor.step(state(3.0, 0.1, "harm"))
    outcome = monitor.outcome()
    assert outcome.parameters["name"] == "goal"
    assert "reached 2.500" in outcome.stopped
    # The level was not reached: the last good state stands for it and says why.
    assert outcome.path[4].parameters["name"] == "goal"
    assert outcome.path[4].stopped.startswith("rewound to step 1")


def test_levels_below_the_start_are_the_start():
    one = problem(state(1.0, 0.9, "start"), levels=(0.5,))
    monitor = Monitor(one, Stopping())
    monitor.step(state(2.6, 0.9, "goal"))
    outcome = monitor.outcome()
    assert outcome.path[0.5].parameters["name"] == "start"
    assert outcome.path[0.5].steps == 0
    assert "had already reached" in outcome.path[0.5].stopped


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
    assert "(retrained shadow models') at step 2" in outcome.stopped


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
        "step 1: forget loss 0.2000 of 2.5000, forget accuracy 0.500, validation accuracy 0.900"
    ]


def test_a_rule_needs_a_forget_set():
    one = dataclasses.replace(problem(state(0.1, 0.9)), parts={})
    expected = "tests: its card says reads='none', so it is not given the data to forget; say reads"
    with pytest.raises(QmuError, match=expected):
        Monitor(one, Stopping())
