"""`scrub`: a student that leaves its teacher on the forget set and stays with it elsewhere.

Source: SCRUB of Kurmanji, Triantafillou, Hayes and Triantafillou 2023 (arXiv:2302.09880). With
d = T^2 KL(teacher || student) at the temperature T, passes over the forget set that ascend d
alternate with passes over the retained data that descend alpha d + gamma L_r; only the first
``forget_epochs`` of the epochs ascend, so what has no bound is ascended for a few passes, and
descent repairs it. Published: alpha 0.5, gamma 1, T 2, Adam 5e-4 that decays, 10 epochs, 3 of them
with ascent.

The trap: where the student still is its teacher the gradient of d is exactly zero, and Adam turns
rounding errors into whole steps. So every epoch descends first, then ascends. The rate does not
decay here.
"""

from __future__ import annotations

from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.teacher import Teaching, scrubbed

CARD = MethodCard(
    title="SCRUB",
    source="Kurmanji et al. 2023, arXiv:2302.09880",
    reads="both",
    cost="epochs",
)


class Config(Teaching):
    """The rate is ten times the published one: angles hardly move at 0.0005."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Alternate descent and ascent."""
    return scrubbed(problem, config)
