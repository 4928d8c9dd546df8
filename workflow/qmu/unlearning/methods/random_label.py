"""`random_label`: fine-tuning with wrong labels, drawn at random, on the forget set.

Sources: Golatkar, Achille and Soatto 2020 (arXiv:1911.04933); the form is that of Fan et al. 2024,
"SalUn" (arXiv:2310.12508), of which this is the case without a mask: a step descends the retain
loss plus the loss of relabelled forget samples. As in their code labels are drawn anew for every
step; as in their paper never the true one. Their code goes through both sets by turns, here both
make one step, as in their objective.
"""

from __future__ import annotations

from qmu.unlearning.loops import fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.targets import Relabelling, random_labels

CARD = MethodCard(
    title="Random labels",
    source="Golatkar et al. 2020, arXiv:1911.04933; Fan et al. 2024, arXiv:2310.12508",
    reads="both",
    cost="epochs",
)


class Config(Relabelling):
    """Those of random labels."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend both losses for some epochs."""
    return fine_tune(problem, config, random_labels(problem, config.weight))
