"""The epsilon of private training: closed forms, the exact Gaussian, dp-accounting."""

import math

import numpy as np
import pytest
from qmu.metrics import accounting
from qmu.metrics.accounting import divergence, epsilon, gaussian_shift
from qmu.metrics.one_run import epsilon_of
from scipy import integrate, optimize
from scipy.stats import norm

# (noise, rate, steps, delta), and epsilon by dp-accounting 0.6: its Renyi accountant restricted to
# the same orders, and its accountant of privacy losses, which is all but exact.
KNOWN = [
    ((1.1, 0.008, 3125, 1e-5), 2.348629, 2.134486),
    ((1.0, 0.01, 10_000, 1e-5), 6.719402, 6.190976),
    ((4.0, 0.01, 10_000, 1e-5), 1.035490, 0.960045),
    ((0.7, 0.1, 200, 1e-6), 25.393581, 23.165978),
    ((2.0, 1.0, 10, 1e-5), 8.087862, 7.511279),
    ((0.5, 0.02, 50, 1e-5), 11.187265, 7.970714),
    ((10.0, 0.5, 100, 1e-3), 1.562250, 1.363283),
]


@pytest.mark.parametrize(("setting", "expected", "exact"), KNOWN)
def test_known_numbers(setting, expected, exact):
    assert epsilon(*setting) == pytest.approx(expected, abs=1e-6)
    assert epsilon(*setting) > exact


@pytest.mark.parametrize(("setting", "expected", "exact"), KNOWN)
def test_agrees_with_dp_accounting(setting, expected, exact):
    dp = pytest.importorskip("dp_accounting", reason="the extra `private` is not installed")
    from dp_accounting.rdp import RdpAccountant

    noise, rate, steps, delta = setting
    step = dp.PoissonSampledDpEvent(rate, dp.GaussianDpEvent(noise))
    accountant = RdpAccountant(orders=list(accounting.ORDERS))
    accountant.compose(dp.SelfComposedDpEvent(step, steps))
    assert epsilon(*setting) == pytest.approx(accountant.get_epsilon(delta), rel=1e-9)


@pytest.mark.parametrize(("noise", "rate", "order"), [(1.1, 0.1, 2), (0.8, 0.3, 5), (2.0, 0.5, 17)])
def test_the_divergence_is_its_integral(noise, rate, order):
    """E over the step without the record of (mixture / normal)^order."""

    def integrand(x):
        plain, moved = norm.logpdf(x, 0, noise), norm.logpdf(x, 1, noise)
        mixed = np.logaddexp(math.log1p(-rate) + plain, math.log(rate) + moved)
        return math.exp(order * mixed + (1 - order) * plain)

    value, _ = integrate.quad(integrand, -30, 60, limit=400, points=[0, 1, order])
    expected = math.log(value) / (order - 1)
    assert divergence(noise, rate, order) == pytest.approx(expected, rel=1e-6)


def exact_gaussian(shift, delta):
    """The least epsilon at which a normal shifted by ``shift`` deviations has this delta."""

    def excess(eps):
        return (
            norm.cdf(shift / 2 - eps / shift)
            - math.exp(eps) * norm.cdf(-shift / 2 - eps / shift)
            - delta
        )

    return optimize.brentq(excess, 0, 100)


@pytest.mark.parametrize("steps", [1, 4, 25])
@pytest.mark.parametrize("noise", [1.0, 3.0, 8.0])
def test_full_batches_are_one_gaussian_mechanism(steps, noise):
    exact = exact_gaussian(math.sqrt(steps) / noise, 1e-5)
    assert exact < epsilon(noise, 1.0, steps, 1e-5) < 1.15 * exact + 0.05


def test_small_rates_and_large_orders_lose_no_digits():
    assert divergence(5.0, 1e-4, 1024) > 0
    assert divergence(1.1, 1 - 1e-12, 8) == pytest.approx(divergence(1.1, 1.0, 8))
    # Of small rates the divergence of order 2 is log(1 + q^2 (e^(1 / s^2) - 1)).
    expected = math.log1p(1e-8 * math.expm1(1 / 1.1**2))
    assert divergence(1.1, 1e-4, 2) == pytest.approx(expected, rel=1e-6)


def test_what_costs_more_privacy():
    base = epsilon(1.1, 0.01, 1000, 1e-5)
    assert epsilon(1.2, 0.01, 1000, 1e-5) < base
    assert epsilon(1.1, 0.02, 1000, 1e-5) > base
    assert epsilon(1.1, 0.01, 2000, 1e-5) > base
    assert epsilon(1.1, 0.01, 1000, 1e-6) > base


def test_nothing_read_costs_nothing():
    assert epsilon(1.1, 0.0, 10, 1e-5) == epsilon(1.1, 0.1, 0, 1e-5) == 0.0
    assert epsilon(1000.0, 0.001, 1, 0.5) == 0.0


@pytest.mark.parametrize(
    "setting", [(0, 0.1, 1, 1e-5), (1, 1.1, 1, 1e-5), (1, 0.1, -1, 1e-5), (1, 0.1, 1, 0.0)]
)
def test_numbers_without_a_meaning_are_refused(setting):
    with pytest.raises(ValueError, match="noise above 0"):
        epsilon(*setting)


SHIFTS = [(0.1, 1e-6), (1.0, 1e-5), (8.0, 1e-5), (50.0, 1e-9)]


@pytest.mark.parametrize(("eps", "delta"), SHIFTS)
def test_the_shift_of_gaussian_noise_is_exact(eps, delta):
    """By the integral of how much one normal exceeds e^epsilon times the other."""
    shift = gaussian_shift(eps, delta)
    edge = eps / shift + shift / 2

    def excess(x):
        return norm.pdf(x, shift) - math.exp(eps + norm.logpdf(x))

    value, _ = integrate.quad(excess, edge, edge + 40, epsabs=0, epsrel=1e-10)
    assert value == pytest.approx(delta, rel=1e-6)
    assert epsilon_of(shift, delta) == pytest.approx(eps, abs=1e-4)
    assert exact_gaussian(shift, delta) == pytest.approx(eps, rel=1e-6)


@pytest.mark.parametrize(("eps", "delta"), SHIFTS)
def test_the_shift_agrees_with_dp_accounting(eps, delta):
    pytest.importorskip("dp_accounting", reason="the extra `private` is not installed")
    from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

    loss = GaussianPrivacyLoss(standard_deviation=1 / gaussian_shift(eps, delta))
    assert loss.get_delta_for_epsilon(eps) == pytest.approx(delta, rel=1e-6)


@pytest.mark.parametrize("wrong", [(-1.0, 1e-5), (1.0, 0.0), (1.0, 1.0)])
def test_a_shift_needs_numbers_with_a_meaning(wrong):
    with pytest.raises(ValueError, match="epsilon"):
        gaussian_shift(*wrong)
