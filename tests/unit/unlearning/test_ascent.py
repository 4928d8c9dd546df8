"""Analytic checks of `ga` and `rga`: first steps, scale invariance, first-order inequalities."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fixtures import leaves, same, small_model, trained_problem
from qmu.unlearning.loops import Minibatch
from qmu.unlearning.methods import ga, rga
from qmu.unlearning.problem import Ledger
from qmu.unlearning.scaled_steps import TINY, combined, moved, unit
from qmu.unlearning.stopping import Stopping

ONE_STEP = Stopping(max_steps=1, forget_loss=100, validation_drop=1)


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def random_gradients(rng, scale=1.0):
    shapes = {"circuit": (2, 4, 3), "head/weight": (4, 3), "head/bias": (3,)}
    return {name: jnp.asarray(scale * rng.normal(size=shape)) for name, shape in shapes.items()}


def dot(a, b):
    return {name: float(jnp.vdot(a[name], b[name])) for name in a}


class Scaled:
    """The problem with every gradient and loss of the forget set multiplied by a constant."""

    def __init__(self, problem, factor):
        self.problem, self.factor = problem, factor
        self.forgotten = []

    def __getattr__(self, name):
        return getattr(self.problem, name)

    def batch(self, data, size, role, step):
        found = self.problem.batch(data, size, role, step)
        if role == "forget":
            self.forgotten.append(found)
        return found

    def _of(self, data):
        return self.factor if any(data is part for part in self.forgotten) else 1.0

    def gradient(self, parameters, data):
        found = self.problem.gradient(parameters, data)
        return jax.tree.map(lambda g: self._of(data) * g, found)

    def training_loss(self, parameters, data):
        return self._of(data) * self.problem.training_loss(parameters, data)


def direction(problem, config, parameters, step):
    """What `rga` follows in one step."""
    return rga.direction(problem, config, Minibatch(problem, config.batch_size, step), parameters)


# Steps.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e-25, 1e25])
def test_unit_has_length_one_at_any_scale(rng, dtype, scale):
    gradient = {"a": jnp.asarray(scale * rng.normal(size=50), dtype)}
    assert float(jnp.linalg.norm(unit(gradient)["a"])) == pytest.approx(1, rel=1e-5)
    assert unit(gradient)["a"].dtype == dtype


def test_unit_of_nothing_is_nothing():
    found = unit({"zero": jnp.zeros(3), "none": jnp.zeros((0, 4, 3)), "noise": jnp.full(2, 1e-300)})
    assert np.all(found["zero"] == 0)
    assert found["none"].shape == (0, 4, 3)
    assert np.all(np.abs(found["noise"]) < 1e-200)
    assert TINY == 1e-30


def test_a_step_moves_every_tensor_by_its_fraction(rng):
    parameters, direction = random_gradients(rng), unit(random_gradients(rng))
    after = moved(parameters, direction, 0.01)
    for name, value in parameters.items():
        size = float(jnp.linalg.norm(value))
        if name == "circuit":
            size = np.sqrt(24) * np.pi / np.sqrt(3)
        assert float(jnp.linalg.norm(after[name] - value)) == pytest.approx(0.01 * size)


def test_the_circuits_step_does_not_depend_on_the_gauge(rng):
    parameters, direction = random_gradients(rng), unit(random_gradients(rng))
    turned = {**parameters, "circuit": parameters["circuit"] + 2 * np.pi}
    one, other = (moved(p, direction, 0.01)["circuit"] - p["circuit"] for p in (parameters, turned))
    np.testing.assert_allclose(one, other, atol=1e-12)


# Gradient ascent.


def test_the_first_step_raises_the_forget_loss(problem):
    config = ga.Config(step_length=1e-4, batch_size=10**6, stopping=ONE_STEP)
    outcome = ga.unlearn(fresh(problem), config)
    before = fresh(problem).training_loss(problem.parameters, problem.forget)
    after = fresh(problem).training_loss(outcome.parameters, problem.forget)
    assert after > before
    gradient = fresh(problem).gradient(problem.parameters, problem.forget)
    moves = {n: outcome.parameters[n] - problem.parameters[n] for n in gradient}
    assert after - before == pytest.approx(sum(dot(gradient, moves).values()), rel=0.02)


def test_the_first_step_is_minus_the_descent_step(problem):
    config = ga.Config(step_length=1e-3, batch_size=8, stopping=ONE_STEP)
    outcome = ga.unlearn(fresh(problem), config)
    batch = problem.batch(problem.forget, 8, "forget", 0)
    direction = unit(fresh(problem).gradient(problem.parameters, batch))
    descent = moved(problem.parameters, direction, -1e-3)
    for name, value in problem.parameters.items():
        np.testing.assert_allclose(
            outcome.parameters[name] - value, value - descent[name], atol=1e-14
        )


def test_ascent_ends_by_its_rule(problem):
    outcome = ga.unlearn(fresh(problem), ga.Config())
    assert outcome.history["loss"][-1] >= np.log(3) or "rewound" in outcome.stopped
    assert len(outcome.history["epoch"]) < 400


def test_the_bill_of_ascent(problem):
    one = fresh(problem)
    ga.unlearn(one, ga.Config(step_length=1e-9, batch_size=4, stopping=Stopping(max_steps=7)))
    assert one.ledger.gradient_evaluations == 7 * 4
    assert one.ledger.forward_evaluations == 8 * (len(one.forget) + len(one.validation))


def test_minibatches_cover_the_forget_set_in_every_pass(problem):
    size = 5
    passes = len(problem.forget) // size
    for number in range(2):
        steps = range(number * passes, (number + 1) * passes)
        rows = [np.asarray(problem.batch(problem.forget, size, "forget", s).inputs) for s in steps]
        assert len(np.unique(np.concatenate(rows), axis=0)) == passes * size
    one, other = (problem.batch(problem.forget, size, "forget", s) for s in (0, passes))
    assert not np.array_equal(one.inputs, other.inputs)
    whole = problem.batch(problem.forget, 10**6, "forget", 3)
    assert len(whole) == len(problem.forget)


# Relative gradient ascent.


def test_first_order_inequalities_hold_for_every_tensor(rng):
    for trial in range(50):
        g_f, g_r = (random_gradients(rng, scale=10.0 ** rng.integers(-6, 6)) for _ in range(2))
        if trial % 3 == 0:
            g_f = combined(g_f, 1e-3, g_r, float(rng.choice([-1.0, 1.0])))
        d = rga.relative(g_f, g_r, 1.0)
        for name in d:
            scale = float(jnp.linalg.norm(g_r[name])), float(jnp.linalg.norm(g_f[name]))
            assert dot(d, g_r)[name] <= 1e-12 * scale[0]
            assert dot(d, g_f)[name] >= -1e-12 * scale[1]


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.99])
def test_a_small_weight_never_raises_the_retain_loss(rng, weight):
    g_f, g_r = random_gradients(rng), random_gradients(rng)
    assert all(value < 0 for value in dot(rga.relative(g_f, g_r, weight), g_r).values())


def test_weight_zero_is_normalised_finetuning(problem):
    config = rga.Config(weight=0, step_length=1e-3, batch_size=8, stopping=ONE_STEP)
    outcome = rga.unlearn(fresh(problem), config)
    batch = problem.batch(problem.retain, 8, "retain", 0)
    direction = unit(fresh(problem).gradient(problem.parameters, batch))
    expected = moved(problem.parameters, direction, -1e-3)
    for name, value in expected.items():
        np.testing.assert_allclose(outcome.parameters[name], value, atol=1e-14)


@pytest.mark.parametrize("variant", ["norm", "logratio"])
@pytest.mark.parametrize("factor", [1e-6, 7.0, 1e6])
def test_the_scale_of_the_forget_loss_changes_nothing(problem, variant, factor):
    config = rga.Config(variant=variant, batch_size=8)
    one, other = (
        direction(Scaled(fresh(problem), c), config, problem.parameters, 0) for c in (1.0, factor)
    )
    for name in one:
        np.testing.assert_allclose(other[name], one[name], atol=1e-9)


def test_the_scale_does_change_the_projected_direction(problem):
    """The check above can fail: this variant is not invariant."""
    config = rga.Config(variant="proj", batch_size=8)
    one, other = (
        direction(Scaled(fresh(problem), c), config, problem.parameters, 0) for c in (1.0, 7.0)
    )
    assert not np.allclose(one["head/weight"], other["head/weight"], atol=1e-3)


def test_the_published_direction_up_to_its_length(rng):
    g_f, g_r = random_gradients(rng), random_gradients(rng)
    found = rga.relative(g_f, g_r, 0.7)
    for name in found:
        n_f, n_r = (float(jnp.linalg.norm(g[name])) for g in (g_f, g_r))
        published = -g_r[name] + 0.7 * (n_r / n_f) * g_f[name]
        np.testing.assert_allclose(n_r * found[name], published, atol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_projection_descends_the_retain_loss(rng, sign):
    g_r = random_gradients(rng)
    g_f = combined(random_gradients(rng), 0.3, g_r, sign)
    found = rga.projected(g_f, g_r)
    for name in found:
        assert float(jnp.linalg.norm(found[name])) == pytest.approx(1)
        raw = g_f[name] - max(dot(g_f, g_r)[name], 0) / dot(g_r, g_r)[name] * g_r[name] - g_r[name]
        np.testing.assert_allclose(found[name] * jnp.linalg.norm(raw), raw, atol=1e-12)
        if sign > 0:
            # The gradients agree: d . g_r = -|g_r|^2 before scaling.
            assert float(jnp.vdot(raw, g_r[name])) == pytest.approx(-dot(g_r, g_r)[name])
        assert dot(found, g_r)[name] < 0


def test_logratio_follows_the_training_loss():
    """Of a model trained by another loss than cross-entropy."""
    problem = trained_problem(model=small_model(loss="bce_sum", epochs=12))
    config = rga.Config(variant="logratio", batch_size=8)
    found = direction(fresh(problem), config, problem.parameters, 0)
    forget, retain = (
        problem.batch(getattr(problem, role), 8, role, 0) for role in ("forget", "retain")
    )

    @jax.jit
    def log_ratio(parameters):
        loss = problem.model.mean_loss
        forgotten = loss(parameters, forget.inputs, forget.labels)
        return jnp.log(forgotten) - jnp.log(loss(parameters, retain.inputs, retain.labels))

    expected = unit(jax.jit(jax.grad(log_ratio))(problem.parameters))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-9)


def test_alternation_ascends_then_descends(problem):
    config = rga.Config(variant="alternate", ascents=2, descents=1, batch_size=8)
    for step, (role, sign) in enumerate([("forget", 1), ("forget", 1), ("retain", -1)] * 2):
        found = direction(fresh(problem), config, problem.parameters, step)
        batch = problem.batch(getattr(problem, role), 8, role, step)
        gradient = unit(fresh(problem).gradient(problem.parameters, batch))
        for name in found:
            np.testing.assert_allclose(found[name], sign * gradient[name], atol=1e-14)


@pytest.mark.parametrize(
    ("variant", "gradients", "forwards"),
    [("norm", 16, 0), ("proj", 16, 0), ("logratio", 16, 16), ("alternate", 8, 0)],
)
def test_the_bill_of_a_direction(problem, variant, gradients, forwards):
    one = fresh(problem)
    direction(one, rga.Config(variant=variant, batch_size=8), one.parameters, 0)
    assert one.ledger == Ledger(gradients, forwards)


def test_both_minibatches_have_the_same_size(problem):
    one = fresh(problem)
    direction(one, rga.Config(batch_size=10**6), one.parameters, 0)
    assert one.ledger.gradient_evaluations == 2 * len(problem.forget)


@pytest.mark.parametrize("variant", ["norm", "alternate", "logratio", "proj"])
def test_every_variant_unlearns(problem, variant):
    outcome = rga.unlearn(fresh(problem), rga.Config(variant=variant))
    before = fresh(problem).measure(problem.parameters, problem.forget)[0]
    after = fresh(problem).measure(outcome.parameters, problem.forget)[0]
    assert after > 2 * before
    assert not same(leaves(outcome.parameters), leaves(problem.parameters))
