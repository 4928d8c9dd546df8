"""When an unlearning run has done enough, or harm: rules that never look at test data.

The forget set counts as forgotten when its mean cross-entropy reaches what retrained *shadow*
models have on theirs: further on, a model only stands out by how far it was pushed (unbounded
ascent ends with a model destroyed); before, it stands out as one that still knows. A uniform
guess, log C, is no such mark: models that never saw a class have three to four times that loss on
it. A run that costs more than a set share of validation accuracy on the retained data is rewound to
its last good state.

A run may be followed beyond the state that it returns: the levels of `Problem.levels` are states on
the same path, each with what it had cost by then.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from qmu.errors import QmuError
from qmu.models.model import Parameters
from qmu.strict import Strict

from .problem import Outcome, Problem, State


class Stopping(Strict):
    """``forget_loss``: in units of log C, or ``shadows``: the mean loss of retrained shadow models
    on the forget set; ``validation_drop``: share of accuracy, 0.02 = 2 points; ``max_steps``: the
    budget; ``path``: whether the method is audited along the experiment's ``audit.path``."""

    forget_loss: Literal["shadows"] | Annotated[float, Field(gt=0)] = "shadows"
    validation_drop: float = Field(default=0.02, ge=0, le=1)
    max_steps: PositiveInt = 400
    path: bool = True

    def goal(self, problem: Problem) -> tuple[float, str]:
        """The forget loss in nats that counts as forgotten, and what it is in words."""
        if self.forget_loss != "shadows":
            return self.forget_loss * math.log(problem.model.classes), f"{self.forget_loss:g} log C"
        if problem.reference is None:
            raise QmuError(
                f"{problem.method}: stopping.forget_loss: 'shadows' needs retrained shadow models; "
                "give a number in units of log C"
            )
        return problem.reference, "retrained shadow models'"


class Monitor:
    """Follows a run step by step and decides when it ends and which states it returns.

    It measures the forget set, so a method with a stopping rule reads that.
    """

    def __init__(self, problem: Problem, rule: Stopping, exhausted: str | None = None) -> None:
        self.problem, self.rule = problem, rule
        self.goal, words = rule.goal(problem)
        unit = math.log(problem.model.classes)
        # None: the state that the method returns.
        self.goals: dict[float | None, tuple[float, str]] = {None: (self.goal, words)}
        self.goals |= {level: (level * unit, f"{level:g} log C") for level in problem.levels}
        self.floor = -math.inf
        if problem.has("validation"):
            start = problem.measure(problem.parameters, problem.validation)[1]
            self.floor = start - rule.validation_drop
        self.good, self.good_steps = problem.parameters, 0
        self.rows: list[tuple[float, float]] = []
        self.reached: dict[float | None, State] = {}
        self.stopped = exhausted or f"step budget of {rule.max_steps} spent"
        self.finished = False
        loss, _ = problem.measure(problem.parameters, problem.forget)
        self._reach(loss, "the forget loss {loss:.3f} had already reached {goal:.3f} ({words})")

    def step(self, parameters: Parameters) -> None:
        """Measure a new state; sets ``finished`` when the run has done enough, or harm."""
        loss, accuracy = self.problem.measure(parameters, self.problem.forget)
        self.rows.append((loss, accuracy))
        number = len(self.rows)
        validation = math.inf
        if self.problem.has("validation"):
            validation = self.problem.measure(parameters, self.problem.validation)[1]
        self.problem.report(
            f"step {number}: forget loss {loss:.4f} of {self.goal:.4f}, forget accuracy "
            f"{accuracy:.3f}, validation accuracy {validation:.3f}"
        )
        if not math.isfinite(loss) or validation < self.floor:
            harm = f"validation accuracy {validation:.3f} fell below {self.floor:.3f}"
            if not math.isfinite(loss):
                harm = f"the forget loss is {loss}"
            self.stopped = f"rewound to step {number - 1}: {harm}"
            self.finished = True
            return
        self.good, self.good_steps = parameters, number
        self._reach(loss, f"the forget loss reached {{goal:.3f}} ({{words}}) at step {number}")

    def outcome(self) -> Outcome:
        """The state at which the goal was reached, otherwise the last good one, with its history;
        likewise for every level of the path."""
        last = self._state(self.stopped)
        ends = {level: self.reached.get(level, last) for level in self.goals}
        end = ends.pop(None)
        return Outcome(end.parameters, end.stopped, end.history, end, ends)

    def _reach(self, loss: float, told: str) -> None:
        for level, (goal, words) in self.goals.items():
            if level not in self.reached and loss >= goal:
                text = told.format(loss=loss, goal=goal, words=words)
                self.reached[level] = self._state(text)
        self.finished = len(self.reached) == len(self.goals)

    def _state(self, stopped: str) -> State:
        history = {
            "epoch": list(range(1, len(self.rows) + 1)),
            "loss": [row[0] for row in self.rows],
            "accuracy": [row[1] for row in self.rows],
        }
        return State(self.good, stopped, self.good_steps, history, *self.problem.bill())
