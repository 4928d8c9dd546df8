"""`logit_mask`: a negative control that forgets nothing but the answer.

The head's bias of the forget class becomes minus infinity, so the class is never named; every
feature stays. A metric that finds this model perfectly unlearned is inadequate.
"""

from __future__ import annotations

import numpy as np

from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Logit mask (control)",
    source="negative control of this project",
    reads="none",
    head_only=True,
    control=True,
    whole_classes=True,
)


class Config(Strict):
    """The control has no settings."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Mask the forget class; costs nothing."""
    parameters = dict(problem.parameters)
    bias = np.array(parameters["head/bias"])
    bias[problem.forget_class] = -np.inf
    parameters["head/bias"] = bias
    history = {"epoch": [], "loss": [], "accuracy": []}
    return Outcome(parameters, history, "one edit of the head")
