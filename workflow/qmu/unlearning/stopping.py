"""When an unlearning run has done enough, or harm: rules that never look at test data.

The forget set counts as forgotten when its mean cross-entropy reaches that of a uniform guess,
log C (spec of gradient ascent: unbounded ascent goes on to destroy the model). A run that costs
more than a set share of validation accuracy on the retained classes is rewound to its last good
state.
"""

from __future__ import annotations

import math

from pydantic import Field, PositiveInt

from qmu.models.model import Parameters
from qmu.strict import Strict

from .problem import Outcome, Problem


class Stopping(Strict):
    """``forget_loss``: in units of log C; ``validation_drop``: share of accuracy, 0.02 = 2 points;
    ``max_steps``: the budget."""

    forget_loss: float = Field(default=1.0, gt=0)
    validation_drop: float = Field(default=0.02, ge=0, le=1)
    max_steps: PositiveInt = 400


class Monitor:
    """Follows a run step by step and decides when it ends and which state it returns.

    It measures the forget set, so a method with a stopping rule reads that.
    """

    def __init__(self, problem: Problem, rule: Stopping, exhausted: str | None = None) -> None:
        self.problem, self.rule = problem, rule
        self.goal = rule.forget_loss * math.log(problem.model.classes)
        self.floor = -math.inf
        if problem.has("validation"):
            start = problem.measure(problem.parameters, problem.validation)[1]
            self.floor = start - rule.validation_drop
        self.good = problem.parameters
        self.rows: list[tuple[float, float]] = []
        self.stopped = exhausted or f"step budget of {rule.max_steps} spent"
        loss, _ = problem.measure(problem.parameters, problem.forget)
        self.finished = loss >= self.goal
        if self.finished:
            self.stopped = f"the forget loss {loss:.3f} had already reached {self.goal:.3f}"

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
        self.good = parameters
        if loss >= self.goal:
            self.stopped = (
                f"the forget loss reached {self.goal:.3f} (uniform guess) at step {number}"
            )
            self.finished = True

    def outcome(self) -> Outcome:
        """The last good state with its history."""
        history = {
            "epoch": list(range(1, len(self.rows) + 1)),
            "loss": [row[0] for row in self.rows],
            "accuracy": [row[1] for row in self.rows],
        }
        return Outcome(self.good, self.stopped, history)
