"""The epsilon that noise promises: of differentially private training, and of Gaussian noise.

A step of DP-SGD is a Gaussian mechanism on a Poisson sample. Its Renyi divergence of integer order
a from the same step without one record is, for noise s in units of the clipping norm and sampling
rate q (Mironov, Talwar and Zhang 2019, arXiv:1908.10530):

    log(sum over k of C(a, k) (1 - q)^(a - k) q^k exp(k (k - 1) / (2 s^2))) / (a - 1)

Divergences of steps add up. The best order gives epsilon at delta (Canonne, Kamath and Steinke
2020, arXiv:2004.00010): divergence + log(1 - 1/a) - log(a delta) / (a - 1). Neighbouring data sets
differ by one record more or less.

Gaussian noise whose output moves by mu standard deviations (a "shift") is (epsilon, delta)-private
exactly where delta >= Phi(mu / 2 - epsilon / mu) - e^epsilon Phi(-mu / 2 - epsilon / mu) (Balle and
Wang 2018, arXiv:1805.06530). That is how `gaussian_shift` calibrates, for every epsilon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

ORDERS = (*range(2, 129), 160, 192, 256, 384, 512, 768, 1024)


@dataclass(frozen=True)
class Certificate:
    """A promise that no attack can break, but with a probability in the order of ``delta``: what
    ``covers`` says in words is hidden by (epsilon, delta)."""

    epsilon: float
    delta: float
    covers: str

    def __str__(self) -> str:
        return f"epsilon {self.epsilon:.3g} at delta {self.delta:g} hides {self.covers}"

    def columns(self) -> dict[str, list]:
        """Its columns of the table ``cost``."""
        return {"epsilon": [self.epsilon], "delta": [self.delta], "covers": [self.covers]}


def epsilon(noise: float, rate: float, steps: int, delta: float) -> float:
    """What ``steps`` steps promise at ``delta``, at least 0.

    ``noise``: the standard deviation in units of the clipping norm, ``rate``: a record's
    probability to be in a step's sample. Raises ValueError for numbers without a meaning.
    """
    if noise <= 0 or not 0 <= rate <= 1 or steps < 0 or not 0 < delta < 1:
        raise ValueError(
            f"noise {noise:g}, rate {rate:g}, steps {steps}, delta {delta:g}: noise above 0, a "
            "rate from 0 to 1, no negative number of steps and delta between 0 and 1 are needed"
        )
    if rate == 0 or steps == 0:
        return 0.0
    return max(
        0.0,
        min(
            steps * divergence(noise, rate, order)
            + math.log1p(-1 / order)
            - math.log(order * delta) / (order - 1)
            for order in ORDERS
        ),
    )


def divergence(noise: float, rate: float, order: int) -> float:
    """The Renyi divergence of one step, of an integer ``order`` of at least 2, in nats."""
    from scipy import special

    if rate == 1:
        return order / (2 * noise**2)
    k = np.arange(order + 1)
    ways = special.gammaln(order + 1) - special.gammaln(k + 1) - special.gammaln(order - k + 1)
    terms = (
        ways
        + (order - k) * math.log1p(-rate)
        + special.xlogy(k, rate)
        + k * (k - 1) / (2 * noise**2)
    )
    return float(special.logsumexp(terms)) / (order - 1)


def gaussian_delta(shift: float, epsilon: float) -> float:
    """The least delta at ``epsilon`` of a Gaussian mechanism that moves its output by ``shift``
    standard deviations, above 0."""
    from scipy import special

    first = special.ndtr(shift / 2 - epsilon / shift)
    second = special.log_ndtr(-shift / 2 - epsilon / shift)
    return float(first - math.exp(epsilon + second))


def gaussian_shift(epsilon: float, delta: float) -> float:
    """The most standard deviations, to 12 digits from below, that an (epsilon, delta)-private
    Gaussian mechanism may move its output by: what it hides is at most so far apart.

    Raises ValueError for an epsilon below 0 or a delta that is not between 0 and 1.
    """
    if epsilon < 0 or not 0 < delta < 1:
        raise ValueError(f"epsilon {epsilon:g} below 0 or delta {delta:g} not between 0 and 1")
    low, high = 0.0, 1.0
    while gaussian_delta(high, epsilon) <= delta:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if gaussian_delta(middle, epsilon) <= delta else (low, middle)
    return low
