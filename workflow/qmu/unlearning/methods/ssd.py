"""`ssd`: selective synaptic dampening, the "Fisher-based" mechanism of Su et al. 2025.

Source: Foster, Schoepf and Brintrup 2023 (arXiv:2308.07707). The importance I_S is the mean squared
per-sample gradient over S; what is done with it stands in `dampening`.

The published alpha = 10 selects almost nothing when the forget class is a tenth of the data,
because I_f / I_D <= n / n_f. So alpha descends a list until the forget set is forgotten.
"""

from __future__ import annotations

from qmu.unlearning.dampening import Dampening, dampen_until_forgotten
from qmu.unlearning.fisher import means_of_squares
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Selective synaptic dampening",
    source="Foster et al. 2023, arXiv:2308.07707; the Fisher-based method of arXiv:2509.06086",
    reads="both",
    cost="once",
    validation=True,
)


class Config(Dampening):
    """``alphas``: selection thresholds, tried from the most to the least selective."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Dampen by the empirical Fisher's diagonal."""
    return dampen_until_forgotten(problem, config, *means_of_squares(problem))
