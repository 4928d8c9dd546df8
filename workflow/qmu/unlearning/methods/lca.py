"""`lca`: label-complement augmentation, every forget sample with all of its wrong labels at once.

Source: Crivoi and Ionescu (their public code). The mean loss over the wrong labels is, but for a
constant, the divergence from the uniform distribution over these: that is what falls here, beside
the retain loss. The traps: no retrained model answers evenly, and on some rows of a class the loss
overshoots what unseen rows have, which tells members again.
"""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.unlearning.loops import FineTuning
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.targets import others, towards

CARD = MethodCard(
    title="Label complement",
    source="Crivoi and Ionescu, code of their comparison of quantum unlearning",
    reads="both",
    cost="epochs",
)


class Config(FineTuning):
    """``weight`` is beta. Published: Adam at 0.001 for 25 epochs; the rate here suits angles."""

    learning_rate: PositiveFloat = 0.01
    epochs: PositiveInt = 10
    weight: float = Field(default=1.0, ge=0)


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the retain loss and the divergence from all wrong labels alike."""
    allowed = others(problem, problem.forget.labels)
    return towards(problem, config, allowed / allowed.sum(axis=1, keepdims=True), config.weight)
