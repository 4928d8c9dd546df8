"""`certified_output`: noise on the trained parameters, then training on what is retained.

Source: Koloskova et al. 2025 (arXiv:2506.06985), output perturbation. The parameters are moved into
a ball, Gaussian noise hides where in it they were, and free training on the retained data repairs
what the noise broke. Proof and calibration: `unlearning.certificates`. The source clips all
parameters of a classical network; here the angles are carried over and other parameters start anew
(RECONSTRUCTED), because the length of the noise grows with the root of their number.

The trap: any two models of the ball must look alike, so with epsilon about 1 the noise is
2 sqrt(P) / 0.27 times as long as what is left of the trained angles. That is a fresh start under
another name; the audit tells what it is worth beside retraining for as long.
"""

from __future__ import annotations

from qmu.unlearning.certificates import Certified, carried, noise_at_once, noised, start, tuned
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Certified: noise, then fine-tuning",
    source="Koloskova et al. 2025, arXiv:2506.06985 (which parameters: reconstructed)",
    reads="retain",
    cost="epochs",
    reconstructed=True,
)


class Config(Certified):
    """As `Certified`; the small ``radius`` keeps the noise within a turn of an angle."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Into the ball, noise once, then descend the retain loss."""
    names, noise = carried(problem, config), noise_at_once(config)
    problem.report(f"noise of {noise:.3g} on {', '.join(names)}")
    return tuned(problem, config, noised(problem, start(problem, config), names, noise, 0))
