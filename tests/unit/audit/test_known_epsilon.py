"""Positive controls: mechanisms whose epsilon is known, audited by the lower bounds.

A bound at confidence 95% may exceed the true epsilon in 5% of runs, and one that stays far below
it has no power. DP-SGD is audited twice: on canaries that no other record hides, where the bound
comes near the certificate, and by the loss attack on a model that learnt random labels.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu import losses
from qmu.metrics import accounting, epsilon, one_run
from qmu.models import model as models
from qmu.models import training
from qmu.models.model import ModelCard
from qmu.models.outputs import evaluate
from qmu.models.recipe import Training
from qmu.seeds import generator
from scipy import optimize
from scipy.stats import binom, norm

CONFIDENCE, DELTA = 0.95, 1e-5
RUNS, CANARIES = 200, 1000


def exact_gaussian(shift, delta=DELTA):
    """The least epsilon at which a normal shifted by ``shift`` deviations has this delta."""

    def excess(eps):
        other = math.exp(eps) * norm.cdf(-shift / 2 - eps / shift)
        return norm.cdf(shift / 2 - eps / shift) - other - delta

    return optimize.brentq(excess, 0, 60)


def randomised_response(rng, member, eps):
    truthful = rng.random(len(member)) < 1 / (1 + math.exp(-eps))
    return np.where(truthful, member, ~member).astype(float)


def laplace(rng, member, eps):
    return member + rng.laplace(scale=1 / eps, size=len(member))


def gaussian(rng, member, eps):
    return shift_of(eps) * member + rng.normal(size=len(member))


@cache
def shift_of(eps):
    return optimize.brentq(lambda shift: exact_gaussian(shift) - eps, 0.01, 4)


# Mechanism -> the share of an epsilon of 3 that a bound must find on average. Gaussian noise shows
# its own far in the tails, where few of 1,000 canaries are.
MECHANISMS = {randomised_response: 0.7, laplace: 0.6, gaussian: 0.08}


@dataclasses.dataclass(frozen=True)
class Bound:
    """``of(members' scores (m,), others' (n,), confidence, delta)`` -> epsilon, and the
    ``mechanisms`` that it holds for: one by a Gaussian's trade-off curve holds for that alone."""

    of: Callable[..., float]
    mechanisms: tuple[Callable[..., np.ndarray], ...] = tuple(MECHANISMS)


BOUNDS = {
    "held_out": Bound(epsilon.held_out),
    "one_run": Bound(one_run.eps_one_run),
    # By a Gaussian's trade-off curve: it promises nothing of other mechanisms.
    "fdp": Bound(one_run.eps_fdp, (gaussian,)),
}
PAIRS = [(name, m) for name, bound in BOUNDS.items() for m in bound.mechanisms]


def audited(bound, score, member, delta=DELTA):
    return bound(score[member], score[~member], CONFIDENCE, delta)


def most_failures(runs):
    """Runs of which 1% would have more, if 5% fail."""
    return binom.ppf(0.99, runs, 1 - CONFIDENCE)


@pytest.mark.parametrize(("name", "mechanism"), PAIRS)
@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_a_bound_stays_below_a_known_epsilon(name, true, mechanism):
    bound = BOUNDS[name].of
    rng = generator("tests", "known epsilon", mechanism.__name__, int(10 * true))
    found = []
    for _ in range(RUNS):
        member = rng.random(CANARIES) < 0.5
        found.append(audited(bound, mechanism(rng, member, true), member))
    assert np.sum(np.array(found) > true) <= most_failures(RUNS)


@pytest.mark.parametrize(("name", "mechanism"), PAIRS)
def test_a_bound_is_not_vacuous(name, mechanism):
    bound, true = BOUNDS[name], 3.0
    rng = generator("tests", "power of a bound")
    found = []
    for _ in range(50):
        member = rng.random(CANARIES) < 0.5
        found.append(audited(bound.of, mechanism(rng, member, true), member))
    assert np.mean(found) > MECHANISMS[mechanism] * true


class Canaries:
    """A model whose records have a parameter each: a record's gradient is along its own axis, and
    cut to its full length as long as the record is not learnt."""

    CARD = ModelCard("canaries", "", "features")

    @staticmethod
    def embed(config, parameters, inputs):
        return inputs

    @staticmethod
    def head(parameters, values):
        first = values @ parameters["head/w"]
        return jnp.stack([first, jnp.zeros_like(first)], axis=-1)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What of a model's settings training reads."""

    training: Training


def trained_canaries(recipe, runs):
    """(scores (n,), members (n,)) of so many trained models."""
    jax.config.update("jax_enable_x64", True)
    model = models.Model(Canaries, recipe, 2, None, None, jnp.float64, CANARIES)
    inputs, label = np.eye(CANARIES), np.zeros(CANARIES, int)
    start = {"head/w": jnp.zeros(CANARIES)}
    for run in range(runs):
        names = ("tests", "canaries", run)
        chosen = np.sort(generator(*names).permutation(CANARIES)[: CANARIES // 2])
        found, _ = training.train(model, start, inputs, label, chosen, names, lambda line: None)
        yield np.asarray(found["head/w"]), np.isin(np.arange(CANARIES), chosen)


@pytest.mark.parametrize("name", BOUNDS)
def test_private_training_keeps_what_it_promises_on_canaries(name):
    """Four steps with noise 2 are one Gaussian mechanism of shift 1."""
    bound, runs, found = BOUNDS[name].of, 20, []
    recipe = Training(
        **{"optimizer": "sgd", "momentum": 0.0, "learning_rate": 1.0, "batch_size": CANARIES // 2},
        **{"epochs": 4, "private": {"clip": 1e-4, "noise": 2.0, "delta": DELTA}},
    )
    for score, member in trained_canaries(Recipe(recipe), runs):
        found.append(audited(bound, score, member))
        signal = score[member].mean() - score[~member].mean()
        assert signal / score[~member].std() == pytest.approx(1.0, abs=0.35)
    exact, certified = exact_gaussian(1.0), training.certified_epsilon(recipe, CANARIES // 2)
    assert exact < certified == accounting.epsilon(2.0, 1.0, 4, DELTA)
    assert np.sum(np.array(found) > exact) <= most_failures(runs)
    assert np.mean(found) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDS)
def test_private_training_on_random_labels_leaks_no_more_than_it_promises(name):
    """The loss attack on a classifier of noise: without privacy a model exceeds what
    private training promises."""
    bound, found = BOUNDS[name].of, {}
    rng = generator("tests", "random labels")
    images = rng.normal(size=(120, 784))
    label = rng.integers(0, 10, 120)
    for noise in (None, 20.0):
        private = noise and {"noise": noise, "delta": 1e-3}
        settings = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 30, "epochs": 40}
        settings = {"qubits": 4, "layers": 1, "training": settings | {"private": private}}
        model = models.build("hqnn", settings, 10, "default.qubit", "single", 784)
        for run in range(3):
            names = ("tests", "random labels", run)
            member = np.isin(np.arange(120), generator(*names).permutation(120)[:60])
            start = model.initial_parameters(generator(*names, "parameters"))
            inputs = images.astype(model.dtype)
            fitted, _ = training.train(
                model, start, inputs, label, np.flatnonzero(member), names, lambda line: None
            )
            score = -losses.cross_entropy(evaluate(model, fitted, inputs)["logits"], label, np)
            found.setdefault(noise, []).append(audited(bound, score, member, 1e-3))
    certified = training.certified_epsilon(model.config.training, 60)
    assert max(found[20.0]) <= certified < max(found[None])
