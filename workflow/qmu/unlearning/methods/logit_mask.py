"""`logit_mask`: a negative control that forgets nothing but the answer.

The head's bias of a class to forget becomes minus infinity, so the class is never named; every
feature stays. There is no such mask for a part of a class. A metric that finds this model
perfectly unlearned is inadequate.
"""

from __future__ import annotations

import numpy as np

from qmu.errors import QmuError
from qmu.models.heads import BIAS
from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Logit mask (control)",
    source="negative control of this project",
    reads="none",
    cost="nothing",
    head_only=True,
    whole_classes=True,
    masks_logits=True,
    needs=("biases",),
    control=True,
)


class Config(Strict):
    """The control has no settings."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Mask the classes to forget; costs nothing."""
    if not problem.classes:
        raise QmuError(f"{problem.method}: masks whole classes, and none is to be forgotten whole")
    parameters = dict(problem.parameters)
    bias = np.array(parameters[BIAS])
    bias[list(problem.classes)] = -np.inf
    parameters[BIAS] = bias
    return Outcome(parameters, "one edit of the head")
