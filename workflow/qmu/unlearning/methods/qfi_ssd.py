"""`qfi_ssd`: selective dampening by the quantum Fisher information of the angles.

Source: Shaik et al. 2025 (arXiv:2511.00406) name updates that are weighted by it; their formulas
are not public. RECONSTRUCTED as `ssd` (Foster et al. 2023, arXiv:2308.07707) with the diagonal of
`quantum_fisher` as the importance of angles, over the forget set and over all training data; other
parameters keep the empirical Fisher's diagonal.

The trap: this information knows no label and counts angles that no measurement sees, so that the
two importances of an angle are nearly equal and little is selected. Hence the last of the alphas.
"""

from __future__ import annotations

from pydantic import PositiveInt

from qmu.unlearning import quantum_fisher
from qmu.unlearning.dampening import Dampening, dampen_until_forgotten
from qmu.unlearning.fisher import means_of_squares
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Selective dampening by quantum Fisher information",
    source="named in Shaik et al. 2025, arXiv:2511.00406; Foster et al. 2023, arXiv:2308.07707",
    reads="both",
    validation=True,
    needs=("circuit",),
    cost="once",
    reconstructed=True,
    undirected=True,
)


class Config(Dampening):
    """``inputs``: most rows of each set over which the quantum Fisher information is averaged."""

    inputs: PositiveInt = 64


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Dampen by both kinds of information."""
    n_f, n_r = len(problem.forget), len(problem.retain)
    of_forget, of_all = means_of_squares(problem)
    forget, retain = (
        quantum_fisher.diagonal(problem, quantum_fisher.drawn(problem, data, config.inputs, role))
        for role, data in (("forget", problem.forget), ("retain", problem.retain))
    )
    both = (n_f * forget + n_r * retain) / (n_f + n_r)
    return dampen_until_forgotten(
        problem, config, of_forget | {"circuit": forget}, of_all | {"circuit": both}
    )
