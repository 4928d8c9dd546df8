"""`bias_shift`: a negative control that forgets by one number of the head.

The biases of the classes to forget are lowered together until the forget set's mean cross-entropy
is that of a uniform guess, log C: where gradient ascent stops, too. Every feature stays, and so
does the order in which the class is told from others. What such a gap in the biases looks like:
arXiv:2605.08730. A metric that finds this model well unlearned reads the bias and nothing else.
"""

from __future__ import annotations

import math

from pydantic import Field

from qmu.errors import QmuError
from qmu.models.head_edits import shift_to_loss, shifted
from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Class bias lowered (control)",
    source="negative control of this project; arXiv:2605.08730",
    reads="forget",
    cost="once",
    head_only=True,
    whole_classes=True,
    needs=("biases",),
    control=True,
)


class Config(Strict):
    """``forget_loss``: the mean cross-entropy that the forget set gets, in units of log C."""

    forget_loss: float = Field(default=1.0, gt=0)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Lower the biases, by one forward pass over the forget set; nothing where the loss is there
    already."""
    if not problem.classes:
        raise QmuError(
            f"{problem.method}: shifts the biases of whole classes, and none is to be forgotten "
            "whole"
        )
    goal = config.forget_loss * math.log(problem.model.classes)
    logits = problem.logits(problem.parameters, problem.forget)
    labels = problem.forget.labels
    shift = shift_to_loss(logits, labels, problem.classes, goal)
    if shift >= 0:
        return Outcome(dict(problem.parameters), f"the forget loss had already reached {goal:.3f}")
    parameters = shifted(problem.parameters, problem.classes, shift)
    return Outcome(parameters, f"the biases were lowered by {-shift:.3f}: forget loss {goal:.3f}")
