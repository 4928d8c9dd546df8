"""The epsilon that differentially private training promises: what its noise costs, added up.

A step of DP-SGD is a Gaussian mechanism on a Poisson sample. Its Renyi divergence of integer order
a from the same step without one record is, for noise s in units of the clipping norm and sampling
rate q (Mironov, Talwar and Zhang 2019, arXiv:1908.10530):

    log(sum over k of C(a, k) (1 - q)^(a - k) q^k exp(k (k - 1) / (2 s^2))) / (a - 1)

Divergences of steps add up. The best order gives epsilon at delta (Canonne, Kamath and Steinke
2020, arXiv:2004.00010): divergence + log(1 - 1/a) - log(a delta) / (a - 1). Neighbouring data sets
differ by one record more or less.
"""

from __future__ import annotations

import math

import numpy as np

ORDERS = (*range(2, 129), 160, 192, 256, 384, 512, 768, 1024)


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
