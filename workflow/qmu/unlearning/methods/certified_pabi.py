"""`certified_pabi`: privacy amplification by iteration, noisy steps on what is retained.

Source: Koloskova et al. 2025 (arXiv:2506.06985), gradient clipping. From a ball, ``noisy_steps``
steps against the clipped gradient of the retain loss plus ``ridge`` times the parameters, each with
Gaussian noise; then free training. Proof and calibration: `unlearning.certificates`, where the
source's s^2 = D^2 / (4 e T) without a ridge is not the limit of its formula with one, and
D^2 / (2 e T) is. While there is noise, parameters that are not carried over wait (RECONSTRUCTED):
trained without noise they would pass on where the angles were.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from qmu.unlearning.certificates import (
    Certified,
    carried,
    cut,
    noise_of_steps,
    noised,
    start,
    tuned,
)
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Certified: noisy fine-tuning",
    source="Koloskova et al. 2025, arXiv:2506.06985 (which parameters: reconstructed)",
    reads="retain",
    cost="epochs",
    reconstructed=True,
)


class Config(Certified):
    """``clip``: the most that a step's gradient may be long, by all that is carried over. With a
    ``ridge`` the start is forgotten by a factor ``1 - rate * ridge`` a step, so that ``radius`` may
    be large and ``clip / ridge`` decides the noise."""

    radius: PositiveFloat = 1.0
    clip: PositiveFloat = 0.1
    ridge: float = Field(default=1.0, ge=0)
    rate: PositiveFloat = 0.1
    noisy_steps: PositiveInt = 50

    @model_validator(mode="after")
    def _contracts(self) -> Self:
        if self.rate * self.ridge >= 1:
            raise ValueError(
                f"rate: {self.rate:g} times ridge {self.ridge:g} must stay below 1, or a step "
                "overshoots"
            )
        return self


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Into the ball, noisy clipped steps, then descend the retain loss."""
    names = carried(problem, config)
    noise = noise_of_steps(config, config.clip, config.rate, config.ridge, config.noisy_steps)
    problem.report(f"{config.noisy_steps} steps with noise of {noise:.3g} on {', '.join(names)}")
    parameters, kept = start(problem, config), 1 - config.rate * config.ridge
    for step in range(config.noisy_steps):
        batch = problem.batch(problem.retain, config.batch_size, "noisy steps", step)
        gradient = problem.gradient(parameters, batch)
        along = cut({name: gradient[name] for name in names}, config.clip)
        stepped = {name: kept * parameters[name] - config.rate * along[name] for name in names}
        parameters = noised(problem, parameters | stepped, names, noise, step)
    return tuned(problem, config, parameters, config.noisy_steps)
