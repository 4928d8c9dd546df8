"""Certificates without convexity: start in a small ball, add noise, and train on what is retained.

After Koloskova et al. 2025 (arXiv:2506.06985); the accounting is derived anew here. Let D_r be the
retained rows. Whatever training saw beside them reaches the unlearned model through the trained
parameters alone, and these are moved into a ball of ``radius`` R: two runs that differ in the rows
to forget start at most 2 R apart. Angles are first wrapped to half a turn on either side of zero.
Parameters that are not carried over are drawn anew, which says nothing of any row.

*Noise at once.* x -> x + N(0, s^2) makes the start a Gaussian mechanism of shift mu = 2 R / s. All
that follows reads D_r and random numbers only: it takes nothing back.

*Noise at every step*, T times x -> q x - eta c(x) + N(0, s^2), q = 1 - eta lambda, |c(x)| <= C. Two
runs x, y on the same minibatches; between them runs a third, z, that shares the noise of x, starts
at y and is drawn to x: z' = w (step of x) + (1 - w) (step of z) + noise, w = 1 at the end, where
z = x (Bok, Su and Altschuler 2024, arXiv:2403.00278). One step leads x and z apart by at most
q |x - z| + 2 eta C, because a cut gradient differs from another by 2 C at the most, convex or not.
If z is moved by a_t in step t, it is told from y by a shift of sqrt(sum of a_t^2) / s, and it
arrives if sum of q^(T - t) a_t = D,

    D = 2 R q^T + 2 eta C (1 + q + ... + q^(T - 1)).

Least is the sum of squares for a_t proportional to q^(T - t), where the distance left never falls
below 0:  mu = D / (s sqrt(1 + q^2 + ... + q^(2 (T - 1)))).  For lambda = 0 that is D / (s sqrt(T)).
By Renyi divergences, order by order a mu^2 / 2, the same noise gets a larger epsilon.

What a certificate says: the unlearned model hides, by (epsilon, delta), which rows were to be
forgotten, be they as many as they may, or none, where the model is one trained on D_r alone and
treated alike. It holds for whoever knows D_r and all settings, but not the random names. It does
not hold for what was published before; nor does it count what the choice of features, settings or
stopping learnt from the rows.

A sequence of requests spends nothing of an earlier certificate: after its request a row is in no
D_r, so later models are made of the earlier ones without it. Two variants published of one model
are two looks at it: their epsilons and deltas add up.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu.circuits.angles import wrapped
from qmu.metrics.accounting import Certificate, gaussian_shift
from qmu.models.model import Parameters

from .loops import FineTuning, Minibatch, fine_tune
from .problem import Outcome, Problem, in_scope

COVERS = "which rows were to be forgotten, of everyone who has the model and the retained rows"


class Certified(FineTuning):
    """Settings of a method with noise and a certificate.

    ``radius``: of the ball in which the parameters that are carried over start. ``carried``: the
    circuit's angles alone (where there are none, everything), or ``all``; the rest is drawn anew.
    """

    epsilon: PositiveFloat = 1.0
    delta: float = Field(default=1e-5, gt=0, lt=1)
    radius: PositiveFloat = 0.1
    carried: Literal["circuit", "all"] = "circuit"
    learning_rate: PositiveFloat = 0.05
    batch_size: PositiveInt = 8
    epochs: PositiveInt = 20


def noise_at_once(config: Certified) -> float:
    """The standard deviation that hides the start, in units of the parameters."""
    return 2 * config.radius / gaussian_shift(config.epsilon, config.delta)


def noise_of_steps(config: Certified, clip: float, rate: float, ridge: float, steps: int) -> float:
    """The standard deviation of each of so many ``steps`` that hides the start: cut at ``clip``,
    of length ``rate``, with weight decay ``ridge`` so that rate * ridge < 1."""
    q = 1 - rate * ridge
    powers = q ** np.arange(steps)
    apart = 2 * config.radius * q**steps + 2 * rate * clip * powers.sum()
    shift = gaussian_shift(config.epsilon, config.delta)
    return float(apart / (shift * math.sqrt(np.sum(powers**2))))


def carried(problem: Problem, config: Certified) -> tuple[str, ...]:
    """The names of the tensors that are carried over, and may change, as far as they are trained at
    all."""
    scope = {n for n, v in problem.parameters.items() if np.size(v) and in_scope(problem.scope, n)}
    angles = tuple(sorted(name for name in scope if in_scope("circuit", name)))
    return angles if config.carried == "circuit" and angles else tuple(sorted(scope))


def start(problem: Problem, config: Certified) -> Parameters:
    """The parameters in their ball, and the initial ones of a fresh model for what is not carried
    over: what may change of them."""
    names = carried(problem, config)
    held = {name: np.asarray(problem.parameters[name], np.float64) for name in names}
    if "circuit" in held:
        held["circuit"] = wrapped(held["circuit"], problem.model.circuit)
    fresh = problem.model.initial_parameters(problem.generator("initial"))
    return problem.within(fresh | problem.model.convert(cut(held, config.radius)))


def cut(tensors: Parameters, norm: float) -> Parameters:
    """The tensors, all by one factor scaled to at most a Euclidean ``norm`` together; float64."""
    values = {name: np.asarray(value, np.float64) for name, value in tensors.items()}
    length = math.sqrt(sum(float(np.sum(value**2)) for value in values.values()))
    factor = min(1.0, norm / length) if length else 1.0
    return {name: factor * value for name, value in values.items()}


def noised(
    problem: Problem, parameters: Parameters, names: tuple[str, ...], noise: float, step: int
) -> Parameters:
    """The parameters with fresh Gaussian noise on the tensors of those ``names``."""
    rng = problem.generator("noise", step)
    moved = {
        name: np.asarray(parameters[name], np.float64)
        + noise * rng.normal(size=np.shape(parameters[name]))
        for name in names
    }
    return parameters | problem.model.convert(moved)


def tuned(problem: Problem, config: Certified, parameters: Parameters, steps: int = 0) -> Outcome:
    """Train freely on the retained rows from the noisy ``parameters`` on, with the certificate;
    ``steps`` were taken before.

    There is none where the scope leaves trained parameters as they were: they know every row.
    """

    def descent(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.retain)

    outcome = fine_tune(problem, config, descent, start=parameters)
    stopped, certificate = outcome.stopped, Certificate(config.epsilon, config.delta, COVERS)
    for name, value in problem.parameters.items():
        if np.size(value) and not in_scope(problem.scope, name):
            stopped += f"; no certificate: the scope leaves {name} as it was trained"
            certificate = None
            break
    end = replace(outcome.end, stopped=stopped, steps=steps + outcome.end.steps)
    return replace(outcome, stopped=stopped, end=end, certificate=certificate)
