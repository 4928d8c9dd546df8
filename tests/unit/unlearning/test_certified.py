"""Methods with a certificate: their noise by a second route, what they carry over, their audit.

The accounting of noisy steps has a worst case that attains it: two runs pushed apart all the time.
There both ends are Gaussian, and mean and variance follow from a recursion.
"""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fixtures import CLASSES, leaves, same, small_model, trained_problem
from pydantic import ValidationError
from qmu import losses
from qmu.circuits.angles import wrapped
from qmu.metrics import accounting
from qmu.metrics.epsilon import DELTA
from qmu.metrics.one_run import eps_fdp, epsilon_of
from qmu.models import model as models
from qmu.models.heads import BIAS, WEIGHT
from qmu.unlearning import certificates
from qmu.unlearning.certificates import Certified, noise_of_steps
from qmu.unlearning.contract import checked, load_method, missing
from qmu.unlearning.loops import fine_tune
from qmu.unlearning.methods import certified_newton, certified_output, certified_pabi
from qmu.unlearning.problem import READS, Data, Ledger, Outcome, Problem

NOISY = (certified_output, certified_pabi)
noisy = pytest.mark.parametrize("method", NOISY)
QUICK = {"epochs": 2, "batch_size": 8}


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


@pytest.fixture(scope="module")
def fixed():
    """A model whose circuit has no angle to train."""
    return trained_problem(model=small_model(layers=0, epochs=12))


def fresh(problem, method=None, **changes):
    """The problem with an empty bill, and with what a method reads alone."""
    if method is not None:
        changes["parts"] = {p: problem.parts[p] for p in READS[method.CARD.reads]}
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


# Accounting.


@pytest.mark.parametrize("ridge", [0.0, 0.5, 4.0])
@pytest.mark.parametrize("steps", [1, 7, 60])
def test_noisy_steps_hide_two_runs_that_are_pushed_apart_all_the_time(ridge, steps):
    radius, clip, rate = 0.7, 0.3, 0.2
    config = Certified(radius=radius, epsilon=2.0, delta=1e-4)
    noise = noise_of_steps(config, clip, rate, ridge, steps)
    mean, variance = radius, 0.0
    for _ in range(steps):
        mean = mean - rate * (ridge * mean - clip)
        variance = (1 - rate * ridge) ** 2 * variance + noise**2
    shift = 2 * mean / math.sqrt(variance)
    assert epsilon_of(shift, 1e-4) == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_the_shifts_of_noisy_steps_are_the_least_that_close_the_distance(ridge):
    """Renyi divergences composed step by step along the least-squares shifts."""
    radius, clip, rate, steps, config = 0.5, 0.2, 0.1, 12, Certified(radius=0.5)
    noise, q = noise_of_steps(config, clip, rate, ridge, steps), 1 - rate * ridge
    powers = q ** np.arange(steps)[::-1]
    apart = 2 * radius * q**steps + 2 * rate * clip * powers.sum()
    shifts = np.linalg.lstsq(powers[None], [apart], rcond=None)[0]
    left = [2 * radius]
    for shift in shifts:
        left.append(q * left[-1] + 2 * rate * clip - shift)
    assert min(left) > -1e-12
    assert left[-1] == pytest.approx(0, abs=1e-12)
    epsilons = []
    for order in accounting.ORDERS:
        divergence = sum(accounting.divergence(noise / shift, 1.0, order) for shift in shifts)
        slack = math.log1p(-1 / order) - math.log(order * config.delta) / (order - 1)
        epsilons.append(divergence + slack)
    assert config.epsilon < min(epsilons) < 1.2 * config.epsilon


def test_the_noise_of_steps_in_closed_form():
    """The source's formulas for the squared shift over two; without a ridge 2 stands for its 4."""
    config, (clip, rate, steps) = Certified(radius=0.5), (0.2, 0.1, 12)
    half = accounting.gaussian_shift(config.epsilon, config.delta) ** 2 / 2
    plain = 2 * 0.5 + 2 * clip * rate * steps
    expected = math.sqrt(plain**2 / (2 * half * steps))
    assert noise_of_steps(config, clip, rate, 0.0, steps) == pytest.approx(expected)
    assert noise_of_steps(config, clip, rate, 1e-9, steps) == pytest.approx(expected, rel=1e-6)
    ridge, q = 2.0, 0.8
    apart = 2 * 0.5 * q**steps + 2 * clip / ridge * (1 - q**steps)
    square = apart**2 * rate * ridge * (2 - rate * ridge) / (2 * half * (1 - q ** (2 * steps)))
    assert noise_of_steps(config, clip, rate, ridge, steps) == pytest.approx(math.sqrt(square))


# What is carried over.


@noisy
def test_of_trained_parameters_only_the_angles_reach_the_outcome(problem, method):
    config = method.Config(**QUICK)
    expected = method.unlearn(fresh(problem, method), config)
    head = {n: v + 1 for n, v in problem.parameters.items() if n != "circuit"}
    other = method.unlearn(fresh(problem, method, parameters=problem.parameters | head), config)
    assert same(leaves(other.parameters), leaves(expected.parameters))
    angles = {"circuit": problem.parameters["circuit"] + 1}
    moved = method.unlearn(fresh(problem, method, parameters=problem.parameters | angles), config)
    assert not same(leaves(moved.parameters), leaves(expected.parameters))
    whole = method.Config(**QUICK, carried="all")
    one, two = (
        method.unlearn(fresh(problem, method, parameters=p), whole).parameters
        for p in (problem.parameters, problem.parameters | head)
    )
    assert not same(leaves(one), leaves(two))


@pytest.mark.parametrize("carried", ["circuit", "all"])
def test_the_start_lies_in_the_ball_and_whole_turns_do_not_move_it(problem, carried):
    config = Certified(radius=0.3, carried=carried)
    turned = problem.parameters | {"circuit": problem.parameters["circuit"] + 4 * np.pi}
    starts = [
        leaves(certificates.start(fresh(problem, parameters=p), config))
        for p in (problem.parameters, turned)
    ]
    names = certificates.carried(problem, config)
    assert set(names) == ({"circuit"} if carried == "circuit" else set(problem.parameters))
    length = math.sqrt(sum(np.sum(starts[0][name] ** 2) for name in names))
    assert length == pytest.approx(0.3)
    for name in names:
        np.testing.assert_allclose(starts[1][name], starts[0][name], atol=1e-12)
    held = wrapped(np.asarray(problem.parameters["circuit"]), problem.model.circuit)
    along = np.vdot(starts[0]["circuit"], held) / np.linalg.norm(held)
    assert along == pytest.approx(np.linalg.norm(starts[0]["circuit"]))


def test_without_noise_in_a_large_ball_it_is_plain_fine_tuning(problem):
    config = certified_output.Config(**QUICK, carried="all", radius=1e3)
    one = fresh(problem, certified_output)
    names = certificates.carried(one, config)
    start = certificates.noised(one, certificates.start(one, config), names, 0.0, 0)
    found = certificates.tuned(one, config, start)

    def descent(minibatch, parameters):
        return one.gradient(parameters, minibatch.retain)

    circuit = wrapped(np.asarray(one.parameters["circuit"]), one.model.circuit)
    expected = fine_tune(one, config, descent, start=one.parameters | {"circuit": circuit})
    for name, value in leaves(expected.parameters).items():
        np.testing.assert_allclose(found.parameters[name], value, atol=1e-10)


@noisy
def test_one_scope_alone_is_no_certificate(problem, method):
    one = fresh(problem, method, scope="circuit")
    outcome = method.unlearn(one, method.Config(**QUICK, scope="circuit"))
    assert checked(outcome, one, "variant", method.CARD) is outcome
    assert outcome.certificate is None
    assert outcome.end.stopped == outcome.stopped
    assert "no certificate: the scope leaves head/" in outcome.stopped
    for name in (WEIGHT, BIAS):
        assert np.array_equal(outcome.parameters[name], problem.parameters[name])


# Steps, derived once more.


def untuned(monkeypatch, method):
    """The method without the free training that follows the noise."""
    monkeypatch.setattr(method, "tuned", lambda problem, config, p, steps=0: Outcome(p, "noised"))


def test_output_adds_noise_of_the_stated_deviation(problem, monkeypatch):
    untuned(monkeypatch, certified_output)
    config, one = certified_output.Config(), fresh(problem, certified_output)
    found = certified_output.unlearn(one, config).parameters["circuit"]
    held = wrapped(np.asarray(one.parameters["circuit"]), one.model.circuit)
    centre = held * config.radius / np.linalg.norm(held)
    draws = one.generator("noise", 0).normal(size=held.shape)
    deviation = 2 * config.radius / accounting.gaussian_shift(config.epsilon, config.delta)
    np.testing.assert_allclose(found, centre + deviation * draws, atol=1e-12)


def test_pabi_takes_the_published_steps(problem, monkeypatch):
    untuned(monkeypatch, certified_pabi)
    settings = {"clip": 0.05, "ridge": 0.5, "rate": 0.2, "noisy_steps": 3}
    config, one = certified_pabi.Config(**settings), fresh(problem, certified_pabi)
    found = certified_pabi.unlearn(one, config)
    circuit = np.asarray(one.parameters["circuit"])
    theta = wrapped(circuit, one.model.circuit)
    theta = theta * min(1, config.radius / np.linalg.norm(theta))
    initial = one.model.initial_parameters(one.generator("initial"))
    q = 1 - 0.2 * 0.5
    apart = 2 * config.radius * q**3 + 2 * 0.05 / 0.5 * (1 - q**3)
    shift = accounting.gaussian_shift(config.epsilon, config.delta)
    noise = apart / shift * math.sqrt((1 - q**2) / (1 - q**6))
    for step in range(3):
        batch = one.batch(one.retain, config.batch_size, "noisy steps", step)

        def loss(angles, batch=batch):
            return one.model.mean_loss(initial | {"circuit": angles}, batch.inputs, batch.labels)

        g = np.asarray(jax.grad(loss)(jnp.asarray(theta)))
        assert np.linalg.norm(g) > 0.05
        g = g * 0.05 / np.linalg.norm(g)
        draws = one.generator("noise", step).normal(size=theta.shape)
        theta = theta - 0.2 * (g + 0.5 * theta) + noise * draws
    np.testing.assert_allclose(found.parameters["circuit"], theta, atol=1e-10)
    for name in (WEIGHT, BIAS):
        assert np.array_equal(found.parameters[name], initial[name])


@noisy
def test_a_bill_holds_the_noisy_steps_too(problem, method):
    one = fresh(problem, method)
    outcome = method.unlearn(one, method.Config(**QUICK))
    taken = 2 * (len(one.retain) // 8) + (method is certified_pabi) * 50
    assert outcome.end.steps == taken
    assert one.ledger == outcome.end.ledger == Ledger(gradient_evaluations=8 * taken)
    certificate = outcome.certificate
    assert (certificate.epsilon, certificate.delta) == (1.0, 1e-5)
    assert certificate.covers == certificates.COVERS


def test_a_ridge_that_overshoots_is_refused():
    with pytest.raises(ValidationError, match=r"rate: 0\.5 times ridge 2 must stay below 1"):
        certified_pabi.Config(rate=0.5, ridge=2.0)


# An audit that knows the two worst cases.


class Pushed(Problem):
    """A problem whose every gradient has the direction in which its angles stand."""

    def gradient(self, parameters, data, loss=None):
        sign = np.sign(np.sum(np.asarray(self.parameters["circuit"])))
        return {name: -sign * np.ones(np.shape(p)) for name, p in parameters.items()}


def audit(problem, method, config, runs):
    """The lower bound of epsilon from so many runs on either side of the ball."""
    circuit = np.ones(np.shape(problem.parameters["circuit"]))
    scores = []
    for side in (1.0, -1.0):
        one = Pushed(**{f.name: getattr(problem, f.name) for f in dataclasses.fields(Problem)})
        parameters = problem.parameters | {"circuit": side * circuit}
        found = []
        for run in range(runs):
            names = ("tests", "audit", str(side), run)
            own = dataclasses.replace(one, parameters=parameters, names=names)
            found.append(float(np.sum(method.unlearn(own, config).parameters["circuit"])))
        scores.append(np.array(found))
    return eps_fdp(*scores)


CALIBRATIONS = {certified_output: "noise_at_once", certified_pabi: "noise_of_steps"}


@noisy
def test_no_audit_exceeds_the_certificate_and_a_broken_one_is_noticed(problem, method, monkeypatch):
    """Broken: the noise is a third of what is needed."""
    untuned(monkeypatch, method)
    settings = {} if method is certified_output else {"noisy_steps": 4, "ridge": 3.0}
    config, one = method.Config(epsilon=3.0, **settings), fresh(problem, method)
    assert config.delta == DELTA
    assert 0.1 < audit(one, method, config, 300) <= config.epsilon
    calibrated = getattr(certificates, CALIBRATIONS[method])

    def too_little(*arguments):
        return calibrated(*arguments) / 3

    monkeypatch.setattr(method, CALIBRATIONS[method], too_little)
    assert audit(one, method, config, 300) > config.epsilon


# The Newton step.


def objectives(problem, ridge):
    """Over all rows and over the retained ones, and the features of the forgotten ones."""
    of = {part: certified_newton._features(problem, problem.parts[part]) for part in READS["both"]}
    labels = {part: np.asarray(problem.parts[part].labels) for part in READS["both"]}
    features, label = (np.concatenate([x["forget"], x["retain"]]) for x in (of, labels))
    whole = certified_newton.Objective(features, label, ridge)
    retained = certified_newton.Objective(of["retain"], labels["retain"], ridge)
    return whole, retained, of["forget"], labels["forget"]


def test_gradient_and_hessian_are_those_of_the_objective(fixed):
    whole, *_ = objectives(fixed, 0.03)
    head = np.random.default_rng(0).normal(size=(whole.features.shape[1], CLASSES))

    def value(flat):
        logits = whole.features @ flat.reshape(head.shape)
        return jnp.mean(losses.cross_entropy(logits, whole.labels, jnp)) + 0.015 * flat @ flat

    flat = jnp.asarray(head.ravel())
    assert whole.value(head) == pytest.approx(float(value(flat)))
    np.testing.assert_allclose(whole.gradient(head).ravel(), jax.grad(value)(flat), atol=1e-12)
    np.testing.assert_allclose(whole.hessian(head), jax.hessian(value)(flat), atol=1e-12)


def test_the_step_is_the_published_one(fixed):
    """w + H^-1 D, D = ridge m w + the forgotten rows' gradients, H summed over the retained."""
    whole, retained, gone, labels = objectives(fixed, 0.05)
    head = certified_newton.fitted(whole, (whole.features.shape[1], CLASSES))
    assert np.linalg.norm(whole.gradient(head)) < 1e-12
    excess = np.exp(losses.log_probabilities(gone @ head, np)) - np.eye(CLASSES)[labels]
    delta = 0.05 * len(gone) * head + gone.T @ excess
    hessian = len(retained.labels) * retained.hessian(head)
    expected = np.linalg.solve(hessian, delta.ravel()).reshape(head.shape)
    np.testing.assert_allclose(certified_newton.newton(retained, head), expected, atol=1e-10)


def test_nothing_to_forget_moves_nothing_and_a_quadratic_loss_is_solved_at_once(fixed):
    whole, retained, *_ = objectives(fixed, 0.05)
    head = certified_newton.fitted(whole, (whole.features.shape[1], CLASSES))
    assert np.linalg.norm(certified_newton.newton(whole, head)) < 1e-10

    class Quadratic:
        matrix = retained.hessian(head)
        goal = np.random.default_rng(1).normal(size=head.size)

        def gradient(self, w):
            return (self.matrix @ w.ravel() - self.goal).reshape(w.shape)

        def hessian(self, w):
            return self.matrix

    at = head + certified_newton.newton(Quadratic(), head)
    expected = np.linalg.solve(Quadratic.matrix, Quadratic.goal)
    np.testing.assert_allclose(at.ravel(), expected, atol=1e-9)


def single(problem):
    """One row of the class is to be forgotten, the others are retained."""
    forget, retain = problem.forget, problem.retain
    rest = [
        np.concatenate([a[1:], b])
        for a, b in ((forget.inputs, retain.inputs), (forget.labels, retain.labels))
    ]
    parts = {"forget": Data(forget.inputs[:1], forget.labels[:1]), "retain": Data(*rest)}
    return fresh(problem, parts=parts, classes=())


def test_a_small_request_is_removed_by_one_step_and_a_large_one_is_refused(fixed):
    config = certified_newton.Config(ridge=0.1, noise=0.05)
    budget = 0.1 * 0.05 * accounting.gaussian_shift(1.0, 1e-5) / 2
    for one, word in ((single(fixed), "removed by one step"), (fresh(fixed), "was refused")):
        outcome = certified_newton.unlearn(one, config)
        assert word in outcome.stopped
        assert f"at most {budget:.2g}" in outcome.stopped
        assert outcome.certificate.epsilon == config.epsilon
        head = np.vstack([outcome.parameters[WEIGHT], outcome.parameters[BIAS]])
        head = head - config.noise * one.generator("noise").normal(size=head.shape)
        _, retained, *_ = objectives(one, 0.1)
        goal = certified_newton.fitted(retained, head.shape)
        left = np.linalg.norm(retained.gradient(head))
        assert left <= budget
        assert np.linalg.norm(head - goal) <= left / 0.1 + 1e-12
        assert (left > 1e-9) == (word == "removed by one step")
    # Either head lies in the ball that the noise hides.
    assert epsilon_of(2 * budget / 0.1 / 0.05, 1e-5) == pytest.approx(1.0, abs=1e-3)


def test_it_reads_the_rows_once_and_the_head_alone_changes(fixed):
    one = fresh(fixed, certified_newton)
    outcome = certified_newton.unlearn(one, certified_newton.Config())
    assert checked(outcome, one, "variant", certified_newton.CARD) is outcome
    rows = len(fixed.forget) + len(fixed.retain)
    assert one.ledger == Ledger(forward_evaluations=rows)


@pytest.mark.parametrize(("settings", "fits"), [({"layers": 0}, True), ({"layers": 1}, False)])
def test_a_trained_circuit_has_no_convex_head(settings, fits):
    model = small_model(**settings)
    has = models.traits(model.module, model.config, model.width, model.classes)
    assert (missing(load_method("certified_newton").CARD, "all", has) is None) == fits
