"""`identity`: a negative control that does nothing at all.

The original model under another name. An audit that acquits it cannot see what it looks for.
"""

from __future__ import annotations

from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Nothing done (control)",
    source="negative control of this project",
    reads="none",
    cost="nothing",
    head_only=True,
    control=True,
)


class Config(Strict):
    """The control has no settings."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Return the original; costs nothing."""
    return Outcome(dict(problem.parameters), "nothing was done")
