"""Analytic checks of the methods that go on training, or begin anew in part, on retained data."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from fixtures import leaves, same, small_model, small_problem, trained_problem
from qmu.models.training import epoch_function, optimizer
from qmu.unlearning import masks, teacher
from qmu.unlearning.methods import (
    bad_teacher,
    cf_k,
    cfw,
    ct,
    eu_k,
    fcs,
    finetune,
    langevin,
    msg,
    neggrad_plus,
    noise_only,
    noisy_ft,
    orthograd,
    reinit,
    scrub,
    scrub_r,
)
from qmu.unlearning.problem import Data, Ledger, in_scope
from qmu.unlearning.stopping import Stopping

ALL = [
    bad_teacher, cf_k, cfw, ct, eu_k, fcs, finetune, langevin, msg, neggrad_plus, noise_only,
    noisy_ft, orthograd, reinit, scrub, scrub_r,
]  # fmt: skip
SHORT = {"optimizer": "sgd", "learning_rate": 0.02, "momentum": 0.5, "batch_size": 4, "epochs": 1}


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def run(module, problem, **settings):
    return module.unlearn(fresh(problem), module.Config(**settings)).parameters


def near(one, other, atol=1e-12):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_allclose(np.asarray(other[name]), np.asarray(value), atol=atol)


def differ(one, other):
    return not same(leaves(one), leaves(other))


@pytest.fixture(scope="module")
def tuned(problem):
    """Plain fine-tuning, which several methods are at a limit of their settings."""
    return run(finetune, problem, **SHORT)


def by_hand(problem, data, steps, mean, start=None, **settings):
    """``steps`` SGD steps with momentum down the gradient of ``mean(parameters, rows, labels)``."""
    transform = optax.sgd(0.02, momentum=0.5)
    parameters = problem.parameters if start is None else start
    moments, slope = transform.init(parameters), jax.jit(jax.grad(mean))
    for step in range(steps):
        gradient = slope(parameters, *data(step))
        updates, moments = transform.update(gradient, moments)
        parameters = optax.apply_updates(parameters, updates)
    return parameters


def rows(problem, role, step, size=4):
    batch = problem.batch(getattr(problem, role), size, role, step)
    return jnp.asarray(batch.inputs), jnp.asarray(batch.labels)


def cross_entropy(model):
    def mean(parameters, inputs, labels):
        tops = jax.nn.log_softmax(model.logits(parameters, inputs))
        return -jnp.mean(tops[jnp.arange(len(labels)), labels])

    return mean


# All of them.


@pytest.mark.parametrize("scope", ["circuit", "head"])
@pytest.mark.parametrize("module", ALL, ids=lambda module: module.__name__.rpartition(".")[2])
def test_what_is_not_in_the_scope_stays_bit_for_bit(problem, module, scope):
    settings = {"epochs": 2} if "epochs" in module.Config.model_fields else {}
    found = module.unlearn(fresh(problem, scope=scope), module.Config(scope=scope, **settings))
    for name, before in leaves(problem.parameters).items():
        if not in_scope(scope, name):
            assert np.array_equal(found.parameters[name], before)


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_part_of_some_classes_can_be_asked_for(problem, module):
    """Rows of every class: nothing may rest on the forgotten class."""
    inputs = np.concatenate([problem.forget.inputs, problem.retain.inputs])
    labels = np.concatenate([problem.forget.labels, problem.retain.labels])
    chosen = np.arange(len(labels)) % 4 == 0
    parts = {
        "forget": Data(inputs[chosen], labels[chosen]),
        "retain": Data(inputs[~chosen], labels[~chosen]),
        "validation": problem.validation,
    }
    assert len(np.unique(parts["forget"].labels)) == 3
    outcome = module.unlearn(fresh(problem, parts=parts, classes=()), module.Config())
    assert all(np.all(np.isfinite(value)) for value in outcome.parameters.values())
    assert differ(outcome.parameters, problem.parameters)


# Fine-tuning and its relatives.


def test_fine_tuning_is_descent_of_the_retained_loss(problem, tuned):
    steps = len(problem.retain) // 4
    found = by_hand(
        problem, lambda step: rows(problem, "retain", step), steps, cross_entropy(problem.model)
    )
    near(found, tuned, atol=1e-10)


def test_a_rate_of_nearly_nothing_is_the_identity(problem):
    near(problem.parameters, run(finetune, problem, **SHORT | {"learning_rate": 1e-14}), 1e-12)


def endless(steps):
    return Stopping(max_steps=steps, forget_loss=100, validation_drop=1)


def neggrad(problem, beta, steps):
    settings = {k: v for k, v in SHORT.items() if k != "epochs"}
    return run(neggrad_plus, problem, beta=beta, stopping=endless(steps), **settings)


def test_neggrad_is_fine_tuning_or_ascent_at_its_ends(problem, tuned):
    near(tuned, neggrad(problem, 1.0, len(problem.retain) // 4))
    mean = cross_entropy(problem.model)
    ascent = by_hand(problem, lambda step: rows(problem, "forget", step), 3, lambda *a: -mean(*a))
    near(ascent, neggrad(problem, 0.0, 3), atol=1e-10)


def test_one_step_of_neggrad_is_the_published_one(problem):
    mean = jax.jit(jax.grad(cross_entropy(problem.model)))
    g_r, g_f = (mean(problem.parameters, *rows(problem, r, 0)) for r in ("retain", "forget"))
    expected = {
        name: value - 0.02 * (0.95 * g_r[name] - 0.05 * g_f[name])
        for name, value in problem.parameters.items()
    }
    near(expected, neggrad(problem, 0.95, 1), atol=1e-12)


def test_noise_and_clipping_off_is_fine_tuning(problem, tuned):
    near(tuned, run(noisy_ft, problem, clip=None, noise=0.0, **SHORT))
    near(tuned, run(noisy_ft, problem, clip=1e6, noise=0.0, **SHORT))
    assert differ(tuned, run(noisy_ft, problem, clip=None, noise=0.1, **SHORT))


def test_a_gradient_is_clipped_over_all_parameters_together():
    gradient = {"a": jnp.asarray([3.0]), "b": jnp.asarray([[4.0]])}
    near({"a": [1.5], "b": [[2.0]]}, noisy_ft.clipped(gradient, 2.5))
    near(gradient, noisy_ft.clipped(gradient, 5.1))


def test_noise_has_its_standard_deviation(problem):
    found = run(noisy_ft, problem, clip=1e-9, noise=3.0, **SHORT | {"momentum": 0.0})
    moves = np.concatenate(
        [np.ravel(found[n] - problem.parameters[n]) for n in sorted(problem.parameters)]
    )
    expected = 0.02 * 3.0 * math.sqrt(len(problem.retain) // 4)
    assert np.std(moves) == pytest.approx(expected, rel=0.35)


def test_without_noise_and_radius_langevin_is_full_gradient_descent(problem):
    found = run(langevin, problem, noise=0.0, radius=None, learning_rate=0.1, steps=3)
    whole = {**SHORT, "learning_rate": 0.1, "momentum": 0.0, "batch_size": 10**6, "epochs": 3}
    near(run(finetune, problem, **whole), found, atol=1e-12)


def test_langevin_steps_are_the_published_ones(problem):
    radius, rng = 2.0, np.random.default_rng(0)
    parameters = {"a": rng.normal(size=(5, 2)), "b": rng.normal(size=3)}
    gradient = {name: rng.normal(size=value.shape) for name, value in parameters.items()}
    added = {name: rng.normal(size=value.shape) for name, value in parameters.items()}
    moved = {
        name: value - 0.3 * gradient[name] + math.sqrt(0.6) * 0.7 * added[name]
        for name, value in parameters.items()
    }
    length = math.sqrt(sum((value**2).sum() for value in moved.values()))
    assert length > radius
    found = langevin.step(parameters, gradient, added, 0.3, 0.7, radius)
    near({name: value * radius / length for name, value in moved.items()}, found)
    near(moved, langevin.step(parameters, gradient, added, 0.3, 0.7, math.inf))
    ball = run(langevin, problem, radius=0.5, steps=2)
    assert math.sqrt(sum(float((v**2).sum()) for v in ball.values())) <= 0.5 + 1e-12


def test_noise_alone_has_its_size_and_is_nothing_at_zero(problem):
    assert same(leaves(run(noise_only, problem, size=0.0)), leaves(problem.parameters))
    big = {"circuit": jnp.zeros((50, 4, 3)), "head/weight": 7.0 * jnp.ones((40, 10))}
    one = fresh(problem, parameters=big)
    found = noise_only.unlearn(one, noise_only.Config(size=0.1)).parameters
    assert one.ledger == Ledger()
    deviations = {name: float(np.std(found[name] - big[name])) for name in big}
    assert deviations["circuit"] == pytest.approx(0.1 * math.pi / math.sqrt(3), rel=0.1)
    assert deviations["head/weight"] == pytest.approx(0.7, rel=0.15)


# SCRUB.


def test_scrub_without_teacher_and_ascent_is_fine_tuning(problem, tuned):
    near(tuned, run(scrub, problem, alpha=0.0, forget_epochs=0, **SHORT), atol=1e-12)


def test_where_the_student_is_its_teacher_the_distance_has_no_slope(problem):
    one = fresh(problem)
    data = teacher.taught(one, one.forget, 2.0)
    slope = one.gradient(one.parameters, data, teacher.distillation(-1.0, 0.0, 2.0, "ce"))
    assert max(float(np.abs(value).max()) for value in slope.values()) < 1e-12


def test_one_epoch_of_scrub_descends_then_ascends(problem):
    """Written anew from the formula, with JAX's own functions."""
    model, alpha, gamma, heat = problem.model, 0.5, 1.0, 2.0

    def distance(parameters, inputs):
        taught = jax.nn.log_softmax(model.logits(problem.parameters, inputs) / heat)
        student = jax.nn.log_softmax(model.logits(parameters, inputs) / heat)
        return heat**2 * jnp.mean(jnp.sum(jnp.exp(taught) * (taught - student), axis=1))

    own = cross_entropy(model)
    down = jax.jit(jax.grad(lambda p, x, y: alpha * distance(p, x) + gamma * own(p, x, y)))
    up = jax.jit(jax.grad(lambda p, x, y: -distance(p, x)))
    transform = optax.sgd(0.02, momentum=0.5)
    parameters, moments = problem.parameters, transform.init(problem.parameters)
    for role, slope in (("retain", down), ("forget", up)):
        for step in range(len(getattr(problem, role)) // 4):
            gradient = slope(parameters, *rows(problem, role, step))
            updates, moments = transform.update(gradient, moments)
            parameters = optax.apply_updates(parameters, updates)
    near(parameters, run(scrub, problem, forget_epochs=1, **SHORT), atol=1e-10)


def test_rewinding_returns_the_stored_epoch_nearest_to_the_reference(problem):
    states, config = [], scrub_r.Config(epochs=6, learning_rate=0.02, batch_size=4)
    outcome = teacher.scrubbed(fresh(problem), config, states.append)
    errors = 1 - np.array(outcome.history["accuracy"])
    held = problem.validation
    half = np.where(np.arange(len(held)) % 2, held.labels, 2 - held.labels)
    found = []
    for classes, labels in (((1,), held.labels), ((), held.labels), ((), half)):
        parts = {**problem.parts, "validation": Data(held.inputs, labels)}
        one = fresh(problem, classes=classes, parts=parts)
        goal = 1.0 if classes else scrub_r.reference_error(one, outcome.parameters)
        best = min(range(6), key=lambda epoch: abs(errors[epoch] - goal))
        rewound = scrub_r.unlearn(one, config)
        assert same(leaves(rewound.parameters), leaves(states[best]))
        assert f"rewound to epoch {best + 1}:" in rewound.stopped
        found.append(best)
    # Where the class goes whole, where nothing unseen is wrong, and where half of it is.
    assert len(set(found)) == 3


def test_the_reference_error_weighs_classes_as_the_forget_set_does(problem):
    zeros = {name: jnp.zeros_like(value) for name, value in problem.parameters.items()}
    all_zero = {**zeros, "head/bias": jnp.asarray([1.0, 0.0, 0.0])}
    held = Data(problem.validation.inputs[:10], np.array([0] * 8 + [2] * 2))
    asked = Data(problem.forget.inputs[:4], np.array([0, 2, 2, 2]))
    one = fresh(problem, parts={"validation": held, "forget": asked})
    # The model names class 0: right on class 0 (a quarter of the weight), wrong on class 2.
    assert scrub_r.reference_error(one, all_zero) == pytest.approx(0.75)


# Layers and masks.


def test_layers_are_counted_from_the_output(problem):
    shapes = {name: np.shape(value) for name, value in problem.parameters.items()}
    assert shapes["circuit"][0] == 2
    for count, head, circuit in ((1, True, [0, 0]), (2, True, [0, 1]), (3, True, [1, 1])):
        found = masks.last_layers(problem, count)
        assert found["head/weight"].all() == found["head/bias"].all() == head
        assert [int(found["circuit"][layer].all()) for layer in (0, 1)] == circuit
        assert found["circuit"].sum() == 12 * sum(circuit)
    for count in (99, "all"):
        assert all(mask.all() for mask in masks.last_layers(problem, count).values())


@pytest.mark.parametrize("module", [cf_k, eu_k])
@pytest.mark.parametrize("layers", [1, 2])
def test_frozen_layers_stay_bit_for_bit(problem, module, layers):
    found = run(module, problem, layers=layers, epochs=2)
    trained = masks.last_layers(problem, layers)
    for name, mask in trained.items():
        before, after = np.asarray(problem.parameters[name]), np.asarray(found[name])
        assert np.array_equal(before[~mask], after[~mask])
    assert not np.array_equal(found["head/weight"], problem.parameters["head/weight"])
    moved = np.any(np.asarray(found["circuit"][1]) != np.asarray(problem.parameters["circuit"][1]))
    assert moved == (layers == 2)


def test_all_layers_is_fine_tuning(problem, tuned):
    assert same(leaves(run(cf_k, problem, layers="all", **SHORT)), leaves(tuned))


def retrained(problem, epochs):
    """The pipeline's own training on the retained rows, with the problem's minibatches."""
    model = problem.model
    recipe = model.config.training
    parameters = model.initial_parameters(problem.generator("initial"))
    state, epoch = (parameters, optimizer(recipe).init(parameters)), jax.jit(epoch_function(model))
    steps = len(problem.retain) // recipe.batch_size
    for number in range(epochs):
        order = problem.generator("retain", number).permutation(len(problem.retain))
        order = order[: steps * recipe.batch_size].reshape(steps, recipe.batch_size)
        state, _ = epoch(state, order, steps, 1.0, problem.retain.inputs, problem.retain.labels)
    return state[0]


def test_training_all_layers_anew_is_retraining(problem):
    near(retrained(problem, 3), run(eu_k, problem, layers="all", epochs=3), atol=1e-9)
    recipe = problem.model.config.training
    one = fresh(problem)
    eu_k.unlearn(one, eu_k.Config())
    steps = len(problem.retain) // recipe.batch_size
    assert one.ledger.gradient_evaluations == recipe.epochs * steps * recipe.batch_size


def test_nothing_renewed_is_fine_tuning_and_all_is_retraining(problem, tuned):
    for module in (reinit, msg):
        settings = {"kept": 1.0} if module is msg else {}
        near(tuned, run(module, problem, share=0.0, **settings, **SHORT), atol=1e-14)
        recipe = problem.model.config.training
        same_recipe = {k: getattr(recipe, k) for k in SHORT if k != "epochs"}
        found = run(module, problem, share=1.0, epochs=2, **settings, **same_recipe)
        near(retrained(problem, 2), found, atol=1e-9)


def test_the_highest_scores_of_the_scope_are_chosen(problem):
    scores = {name: np.zeros(np.shape(value)) for name, value in problem.parameters.items()}
    scores["circuit"][0, 1, 2], scores["head/bias"][1] = 5.0, 4.0
    count = sum(value.size for value in scores.values())
    found = masks.highest(fresh(problem), scores, 2 / count)
    assert sum(mask.sum() for mask in found.values()) == 2
    assert found["circuit"][0, 1, 2]
    assert found["head/bias"][1]
    alone = masks.highest(fresh(problem, scope="head"), scores, 1 / 15)
    assert not alone["circuit"].any()
    assert alone["head/bias"].tolist() == [False, True, False]


def test_importance_is_the_ratio_of_mean_squares(problem):
    found = reinit.importance(fresh(problem))
    one = fresh(problem)
    squares = [
        {n: np.asarray(g) ** 2 for n, g in one.per_sample_gradients(one.parameters, d).items()}
        for d in (one.forget, one.retain)
    ]
    for name, ratio in found.items():
        both = np.concatenate([squares[0][name], squares[1][name]]).mean(axis=0)
        alive = both > 1e-25
        expected = squares[0][name].mean(axis=0)[alive] / both[alive]
        np.testing.assert_allclose(ratio[alive], expected, rtol=1e-8)


def test_small_differences_of_gradients_begin_anew(problem):
    """The smallest of |grad L_r - grad L_f| do, and the others take a tenth of a step."""
    slope = jax.jit(jax.grad(cross_entropy(problem.model)))
    g_r, g_f = (
        slope(problem.parameters, d.inputs, d.labels) for d in (problem.retain, problem.forget)
    )
    sizes = {name: np.abs(np.asarray(g_r[name] - g_f[name])) for name in g_r}
    edge = np.quantile(np.concatenate([np.ravel(s) for s in sizes.values()]), 0.3)
    start = problem.model.initial_parameters(problem.generator("initial"))
    expected = {}
    begun = {n: np.where(sizes[n] < edge, start[n], problem.parameters[n]) for n in sizes}
    steps = {**SHORT, "batch_size": 10**6, "momentum": 0.0}
    gradient = slope(begun, problem.retain.inputs, problem.retain.labels)
    for name, value in begun.items():
        factor = np.where(sizes[name] < edge, 1.0, 0.1)
        expected[name] = value - 0.02 * factor * np.asarray(gradient[name])
    near(expected, run(msg, problem, **steps), atol=1e-10)


# Permutations, confusion, teachers.


@pytest.mark.parametrize(("permute", "axis"), [("qubits", 1), ("layers", 0)])
def test_the_circuit_is_rearranged_along_one_axis(problem, permute, axis):
    found = ct.permuted(fresh(problem, names=("tests", "order", 4)), permute)
    before, after = np.asarray(problem.parameters["circuit"]), np.asarray(found["circuit"])
    slices = [np.take(before, i, axis=axis).tobytes() for i in range(before.shape[axis])]
    others = [np.take(after, i, axis=axis).tobytes() for i in range(before.shape[axis])]
    assert sorted(slices) == sorted(others)
    assert same({"w": found["head/weight"]}, {"w": problem.parameters["head/weight"]})


def test_units_keep_their_bias():
    parameters = {
        "layer1/weight": jnp.arange(12.0).reshape(2, 6),
        "layer1/bias": jnp.arange(6.0),
        "head/bias": jnp.arange(3.0),
    }
    one = small_problem(small_model())
    found = ct.permuted(dataclasses.replace(one, parameters=parameters), "qubits")
    assert np.array_equal(found["layer1/weight"][0], found["layer1/bias"])
    assert np.array_equal(found["head/bias"], parameters["head/bias"])
    assert not np.array_equal(found["layer1/bias"], parameters["layer1/bias"])


def test_rearranged_layers_are_fine_tuned(problem):
    one = fresh(problem)
    start = ct.permuted(one, "qubits")
    steps = len(problem.retain) // 4
    mean = cross_entropy(problem.model)
    expected = by_hand(problem, lambda s: rows(problem, "retain", s), steps, mean, start)
    near(expected, run(ct, problem, **SHORT), atol=1e-10)


def test_confusion_without_noise_is_class_weighted_descent(problem):
    """Two runs of one epoch each: the optimiser begins anew before the last."""
    labels = np.asarray(problem.retain.labels)
    share = {c: len(labels) / 2 / np.sum(labels == c) for c in (0, 2)}

    def mean(parameters, inputs, own):
        tops = jax.nn.log_softmax(problem.model.logits(parameters, inputs))
        weights = jnp.where(own == 0, share[0], share[2])
        return -jnp.mean(weights * tops[jnp.arange(len(own)), own])

    steps, parameters = len(labels) // 4, None
    for _ in range(2):
        take = lambda step: rows(problem, "retain", step)  # noqa: E731
        parameters = by_hand(problem, take, steps, mean, parameters)
    settings = {**SHORT, "epochs": 2, "noise": 0.0, "last_noise": 0.0}
    near(parameters, run(cfw, problem, **settings), atol=1e-10)


def test_confusion_leaves_the_head_alone(problem):
    one = fresh(problem)
    found = cfw.confused(one, one.parameters, "first", 0.3)
    assert np.array_equal(found["head/weight"], problem.parameters["head/weight"])
    moved = np.asarray(found["circuit"] - problem.parameters["circuit"])
    assert np.std(moved) == pytest.approx(0.3 * math.pi / math.sqrt(3), rel=0.4)


def test_a_bad_teacher_without_weight_changes_nothing(problem):
    """The trained model already answers as the good teacher does."""
    near(problem.parameters, run(bad_teacher, problem, weight=0.0, **SHORT), atol=1e-12)


def test_the_first_step_of_a_bad_teacher_is_towards_the_random_model(problem):
    model = problem.model
    random = model.initial_parameters(problem.generator("initial"))

    def distance(parameters, inputs):
        taught = jax.nn.log_softmax(model.logits(random, inputs))
        student = jax.nn.log_softmax(model.logits(parameters, inputs))
        return jnp.mean(jnp.sum(jnp.exp(taught) * (taught - student), axis=1))

    gradient = jax.jit(jax.grad(distance))(problem.parameters, problem.forget.inputs)
    settings = {**SHORT, "batch_size": 10**6, "momentum": 0.0}
    found = run(bad_teacher, problem, weight=0.3, **settings)
    expected = {n: v - 0.02 * 0.3 * gradient[n] for n, v in problem.parameters.items()}
    near(expected, found, atol=1e-10)


def test_contrast_is_the_published_term(rng):
    z_f, z_r = rng.normal(size=(4, 3)), rng.normal(size=(6, 3))
    products = z_f @ z_r.T / 1.15
    expected = -np.mean(np.log(np.exp(products) / np.exp(products).sum(axis=1, keepdims=True)))
    logits, forgotten = np.concatenate([z_f, z_r]), np.arange(10) < 4
    found = fcs.contrast(1.15)(jnp.asarray(logits), jnp.asarray(forgotten), jnp)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert expected >= math.log(6)


def test_without_rounds_only_the_uniform_target_is_learnt(problem):
    one = fresh(problem)
    outcome = fcs.unlearn(one, fcs.Config(rounds=0, batch_size=4, forget_rate=1e-4))

    def even(parameters, inputs):
        return -jnp.mean(jax.nn.log_softmax(problem.model.logits(parameters, inputs)))

    transform = optax.adam(1e-4)
    parameters, moments = problem.parameters, transform.init(problem.parameters)
    slope = jax.jit(jax.grad(even))
    for step in range(len(problem.forget) // 4):
        gradient = slope(parameters, rows(problem, "forget", step)[0])
        updates, moments = transform.update(gradient, moments)
        parameters = optax.apply_updates(parameters, updates)
    near(parameters, outcome.parameters, atol=1e-9)


# Orthogonal ascent.


def test_the_direction_is_orthogonal_to_every_retained_sample(problem):
    one = fresh(problem)
    batch = one.batch(one.retain, 8, "retain", 0)
    each = one.per_sample_gradients(one.parameters, batch)
    ascent = one.gradient(one.parameters, one.forget)
    found = orthograd.orthogonal(ascent, each)

    def dot(a, b):
        return sum(float(np.vdot(a[name], b[name])) for name in a)

    assert dot(found, found) == pytest.approx(1)
    assert dot(found, ascent) > 0
    for sample in range(8):
        own = {name: each[name][sample] for name in each}
        assert abs(dot(found, own)) < 1e-10 * math.sqrt(dot(own, own))
    matrix = np.concatenate([np.reshape(each[n], (8, -1)) for n in sorted(each)], axis=1)
    flat = np.concatenate([np.ravel(ascent[n]) for n in sorted(each)])
    left = flat - matrix.T @ np.linalg.lstsq(matrix.T, flat, rcond=None)[0]
    direction = np.concatenate([np.ravel(found[n]) for n in sorted(each)])
    np.testing.assert_allclose(direction, left / np.linalg.norm(left), atol=1e-8)


def test_a_step_has_its_length_and_none_is_taken_where_no_direction_is_left(problem):
    found = run(orthograd, problem, step_length=0.01, batch_size=8, stopping=endless(1))
    moves = [np.ravel(found[n] - problem.parameters[n]) for n in found]
    sizes = [
        math.sqrt(24) * math.pi / math.sqrt(3) if n == "circuit" else np.linalg.norm(v)
        for n, v in problem.parameters.items()
    ]
    expected = 0.01 * np.linalg.norm(sizes)
    assert np.linalg.norm(np.concatenate(moves)) == pytest.approx(expected)
    nothing = orthograd.orthogonal({"a": np.ones(3)}, {"a": np.eye(3)})
    assert np.all(nothing["a"] == 0)
