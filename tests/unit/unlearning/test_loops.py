"""The loops that methods share, driven by methods that a test makes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from fixtures import leaves, same, trained_problem
from qmu.unlearning.loops import Minibatch, ScaledSteps, first_that_forgets, follow, iterate
from qmu.unlearning.problem import Ledger
from qmu.unlearning.scaled_steps import climbed, moved, unit
from qmu.unlearning.stopping import Stopping

ENDLESS = Stopping(max_steps=3, forget_loss=1e6, validation_drop=1)
CONFIG = ScaledSteps(step_length=1e-3, batch_size=4, stopping=ENDLESS)


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def of_forget(problem):
    return lambda minibatch, parameters: problem.gradient(parameters, minibatch.forget)


# Minibatches.


def test_minibatches_are_equal_and_from_their_own_streams(problem):
    minibatch = Minibatch(problem, 10**6, 5)
    assert len(minibatch.forget) == len(minibatch.retain) == len(problem.forget)
    assert minibatch.forget is minibatch.forget
    minibatch = Minibatch(problem, 4, 5)
    for part in ("forget", "retain"):
        expected = problem.batch(getattr(problem, part), 4, part, 5)
        assert np.array_equal(getattr(minibatch, part).inputs, expected.inputs)


def test_without_a_forget_set_the_size_is_the_settings(problem):
    alone = fresh(problem, parts={"retain": problem.retain})
    assert len(Minibatch(alone, 20, 0).retain) == 20


# Steps along a direction.


def test_a_direction_is_followed_as_it_is_or_scaled(problem):
    one = fresh(problem)
    scaled = follow(one, CONFIG, of_forget(one), step=climbed)
    normalised = jax.jit(unit)
    by_hand = follow(one, CONFIG, lambda *a: normalised(of_forget(one)(*a)))
    for name, value in leaves(scaled.parameters).items():
        np.testing.assert_allclose(by_hand.parameters[name], value, atol=1e-14)


def test_steps_and_their_history(problem):
    one = fresh(problem)
    steps = []

    def direction(minibatch, parameters):
        steps.append(minibatch.step)
        return unit(problem.parameters)

    outcome = follow(one, CONFIG, direction)
    assert steps == [0, 1, 2]
    assert outcome.history["epoch"] == [1, 2, 3]
    assert outcome.stopped == "step budget of 3 spent"
    expected = problem.parameters
    for _ in range(3):
        expected = moved(expected, unit(problem.parameters), 1e-3)
    for name, value in leaves(expected).items():
        np.testing.assert_allclose(outcome.parameters[name], value, atol=1e-13)


def test_a_parameter_without_a_direction_is_frozen(problem):
    one = fresh(problem)

    def head_only(minibatch, parameters):
        gradient = of_forget(one)(minibatch, parameters)
        return {n: g if n.startswith("head/") else jnp.zeros_like(g) for n, g in gradient.items()}

    outcome = follow(one, CONFIG, head_only, step=climbed)
    before, after = leaves(problem.parameters), leaves(outcome.parameters)
    assert np.array_equal(after["circuit"], before["circuit"])
    assert not np.array_equal(after["head/weight"], before["head/weight"])


# Updates of a method's own.


def test_an_optimiser_keeps_its_state_between_updates(problem):
    one, optimiser = fresh(problem), optax.adam(1e-2)
    state = optimiser.init(problem.parameters)

    @jax.jit
    def apply(parameters, gradient, state):
        updates, state = optimiser.update(gradient, state, parameters)
        return optax.apply_updates(parameters, updates), state

    def update(minibatch, parameters):
        nonlocal state
        gradient = one.gradient(parameters, minibatch.retain)
        parameters, state = apply(parameters, gradient, state)
        return parameters

    outcome = iterate(one, CONFIG, update)
    assert int(state[0].count) == 3
    assert not same(leaves(outcome.parameters), leaves(problem.parameters))
    assert one.ledger.gradient_evaluations == 3 * 4


def test_named_noise_repeats(problem):
    def noisy(one):
        def update(minibatch, parameters):
            noise = one.generator("noise", minibatch.step)
            return {n: p + 1e-3 * noise.normal(size=p.shape) for n, p in parameters.items()}

        return iterate(one, CONFIG, update).parameters

    assert same(leaves(noisy(fresh(problem))), leaves(noisy(fresh(problem))))
    other = fresh(problem, names=("tests", "another"))
    assert not same(leaves(noisy(other)), leaves(noisy(fresh(problem))))


def test_a_method_may_start_elsewhere(problem):
    start = {**problem.parameters, "head/bias": problem.parameters["head/bias"] + 1}
    outcome = iterate(fresh(problem), CONFIG, lambda minibatch, parameters: parameters, start)
    assert same(leaves(outcome.parameters), leaves(start))


def test_what_is_forgotten_already_takes_no_step(problem):
    config = CONFIG.model_copy(update={"stopping": Stopping(forget_loss=1e-9)})
    outcome = iterate(fresh(problem), config, None)
    assert same(leaves(outcome.parameters), leaves(problem.parameters))
    assert "had already reached" in outcome.stopped


# Edited states.


def edits(problem, computed):
    """The trained model with the head scaled down further and further."""
    for factor in (1.0, 0.5, 0.0, -1.0):
        computed.append(factor)
        yield {**problem.parameters, "head/weight": factor * problem.parameters["head/weight"]}


def test_no_state_is_computed_beyond_the_first_that_forgets(problem):
    computed = []
    rule = Stopping(forget_loss=0.5, validation_drop=1)
    outcome = first_that_forgets(fresh(problem), rule, edits(problem, computed), "all tried")
    assert 1.0 in computed
    assert -1.0 not in computed
    assert len(outcome.history["loss"]) == len(computed)
    assert "reached" in outcome.stopped


@pytest.mark.parametrize(("budget", "tried"), [(400, 4), (2, 2)])
def test_states_run_out(problem, budget, tried):
    computed = []
    rule = Stopping(forget_loss=1e6, validation_drop=1, max_steps=budget)
    outcome = first_that_forgets(fresh(problem), rule, edits(problem, computed), "all tried")
    assert len(computed) == len(outcome.history["epoch"]) == tried
    assert outcome.stopped == "all tried"
