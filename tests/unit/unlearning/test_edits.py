"""Analytic checks of the methods that edit parameters once: `ssd` and the controls."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from fixtures import leaves, same, trained_problem
from qmu.circuits.angles import wrapped
from qmu.circuits.circuit import Circuit, Operation, Parameter
from qmu.errors import QmuError
from qmu.unlearning.fisher import sum_of_squares
from qmu.unlearning.methods import bias_shift, identity, logit_mask, ssd
from qmu.unlearning.problem import Data, Ledger
from qmu.unlearning.stopping import Stopping

HARMLESS = Stopping(forget_loss=100, validation_drop=1)


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


@pytest.fixture(scope="module")
def importances(problem):
    """I_f, I_D and n / n_f."""
    n_f, n_r = len(problem.forget), len(problem.retain)
    forget = leaves(sum_of_squares(fresh(problem), problem.forget))
    retain = leaves(sum_of_squares(fresh(problem), problem.retain))
    of_all = {name: (forget[name] + retain[name]) / (n_f + n_r) for name in forget}
    return {name: forget[name] / n_f for name in forget}, of_all, (n_f + n_r) / n_f


def factors(problem, importances, alpha, dampening):
    """What `dampen` multiplies every parameter by."""
    ones = {name: jnp.ones_like(value) for name, value in problem.parameters.items()}
    return leaves(ssd.dampen(ones, importances[0], importances[1], alpha, dampening))


def test_importance_is_bounded_when_the_data_contain_the_forget_set(importances):
    of_forget, of_all, ratio = importances
    for name in of_forget:
        assert np.all(of_forget[name] <= ratio * of_all[name] * (1 + 1e-12))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("dampening", [0.1, 0.5, 1.0])
def test_selected_factors_stay_below_lambda_over_alpha(problem, importances, alpha, dampening):
    of_forget, of_all, _ = importances
    chosen = 0
    for name, factor in factors(problem, importances, alpha, dampening).items():
        selected = of_forget[name] > alpha * of_all[name]
        chosen += selected.sum()
        assert np.all((factor >= 0) & (factor <= 1))
        assert np.all(factor[selected] < dampening / alpha)
        assert np.all(factor[~selected] == 1)
        expected = np.minimum(dampening * of_all[name][selected] / of_forget[name][selected], 1)
        np.testing.assert_allclose(factor[selected], expected, rtol=1e-12)
    assert chosen > 0


def test_alpha_from_n_over_n_f_selects_nothing(problem, importances):
    alphas = (importances[2] * (1 + 1e-9), 1e12)
    for alpha in alphas:
        assert all(np.all(f == 1) for f in factors(problem, importances, alpha, 0.1).values())
    outcome = ssd.unlearn(fresh(problem), ssd.Config(alphas=alphas, stopping=HARMLESS))
    before = fresh(problem).measure(problem.parameters, problem.forget)[0]
    np.testing.assert_allclose(outcome.history["loss"], before, rtol=1e-12)


def test_dampening_of_n_over_n_f_is_the_identity(problem, importances):
    for factor in factors(problem, importances, 1.0, importances[2] * (1 + 1e-12)).values():
        np.testing.assert_allclose(factor, 1, atol=1e-12)


def test_no_importance_on_either_side_leaves_a_parameter_alone(problem, importances):
    zero = {name: jnp.zeros_like(value) for name, value in problem.parameters.items()}
    found = ssd.dampen(problem.parameters, zero, zero, 1.0, 1.0)
    assert same(leaves(found), leaves(problem.parameters))
    for name in importances[0]:
        importances[0][name][importances[0][name] < 1e-28] = 0
        importances[1][name][importances[1][name] < 1e-28] = 0
    dead = factors(problem, importances, 1.0, 0.1)["circuit"][-1, :, 1]
    assert np.all(dead == 1)


def test_importance_for_the_forget_set_alone_zeroes_the_parameter():
    found = ssd.dampen({"a": jnp.ones(2)}, {"a": jnp.ones(2)}, {"a": jnp.zeros(2)}, 1.0, 1.0)
    assert np.all(found["a"] == 0)


def test_wrapping_does_not_change_the_circuit(problem):
    angles = problem.parameters["circuit"] * 5 + 20
    parameters = {**problem.parameters, "circuit": angles}
    turned = wrapped(np.asarray(angles), problem.model.circuit)
    found = {**parameters, "circuit": turned}
    assert np.all((turned > -np.pi) & (turned <= np.pi))
    turns = (np.asarray(angles) - turned) / (2 * np.pi)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-12)
    logits = [problem.model.logits(p, problem.forget.inputs) for p in (parameters, found)]
    np.testing.assert_allclose(logits[1], logits[0], atol=1e-12)


def one_gate_each(name, angles):
    """So many gates on two wires, each with an angle of its own."""
    wires = (0, 1) if name.startswith("C") else (0,)
    gates = tuple(Operation(name, wires, (Parameter(k),)) for k in range(len(angles)))
    return Circuit(2, "amplitude", gates, (1,), len(angles))


def test_wrapping_leaves_wrapped_angles_bit_identical():
    angles = np.array([-3.1, 0.1, np.pi, 3.0, 1e-17])
    assert np.array_equal(wrapped(angles, one_gate_each("RX", angles)), angles)
    edges = np.array([-np.pi, 2 * np.pi, 3 * np.pi])
    found = wrapped(edges, one_gate_each("RX", edges))
    np.testing.assert_allclose(found, [np.pi, 0, np.pi], atol=1e-14)


def test_controlled_rotations_are_wrapped_to_two_turns():
    """A full turn of one changes a sign under its control, which others can see."""
    angles = np.array([3.0, 2 * np.pi, 5.0, -2 * np.pi, 7 * np.pi])
    found = wrapped(angles, one_gate_each("CRX", angles))
    np.testing.assert_allclose(found, [3.0, 2 * np.pi, 5.0, 2 * np.pi, -np.pi], atol=1e-14)


def test_full_turns_of_the_angles_give_the_same_result(problem):
    config = ssd.Config(alphas=(1.5, 1.2), dampening=0.5, stopping=HARMLESS)
    turned = problem.parameters["circuit"] + 2 * np.pi * jnp.asarray([[[1], [-2], [0], [3]]] * 2)
    shifted = fresh(problem, parameters={**problem.parameters, "circuit": turned})
    one, other = (ssd.unlearn(p, config) for p in (fresh(problem), shifted))
    for name in one.parameters:
        np.testing.assert_allclose(other.parameters[name], one.parameters[name], atol=1e-9)
    assert not np.allclose(one.parameters["circuit"], problem.parameters["circuit"], atol=1e-3)


def test_alphas_descend_until_the_goal(problem):
    losses = ssd.unlearn(
        fresh(problem), ssd.Config(alphas=(1.0, 2.5, 1.5), stopping=HARMLESS)
    ).history["loss"]
    assert len(losses) == 3
    goal = losses[1] / np.log(3)
    rule = Stopping(forget_loss=goal, validation_drop=1)
    outcome = ssd.unlearn(fresh(problem), ssd.Config(alphas=(1.0, 2.5, 1.5), stopping=rule))
    assert outcome.history["loss"] == losses[: 1 + int(np.argmax(np.array(losses) >= losses[1]))]
    assert "reached" in outcome.stopped


def test_running_out_of_alphas_is_said(problem):
    config = ssd.Config(alphas=(50.0, 40.0), stopping=HARMLESS)
    assert ssd.unlearn(fresh(problem), config).stopped == "every alpha tried"


def test_max_steps_bounds_the_alphas(problem):
    rule = Stopping(max_steps=2, forget_loss=100, validation_drop=1)
    outcome = ssd.unlearn(fresh(problem), ssd.Config(stopping=rule))
    assert outcome.history["epoch"] == [1, 2]


def test_the_bill_of_dampening(problem):
    one = fresh(problem)
    ssd.unlearn(one, ssd.Config(alphas=(50.0, 40.0), stopping=HARMLESS))
    assert one.ledger.gradient_evaluations == len(one.forget) + len(one.retain)
    assert one.ledger.forward_evaluations == 3 * (len(one.forget) + len(one.validation))


def test_a_masked_class_is_never_named_and_the_others_keep_their_logits(problem):
    outcome = logit_mask.unlearn(fresh(problem), logit_mask.Config())
    model, inputs = problem.model, problem.validation.inputs
    states = (problem.parameters, outcome.parameters)
    before, after = (np.asarray(model.logits(state, inputs)) for state in states)
    kept = ~np.isin(np.arange(3), problem.classes)
    assert np.array_equal(before[:, kept], after[:, kept])
    assert np.all(after[:, ~kept] == -np.inf)
    assert not np.any(np.isin(after.argmax(axis=1), problem.classes))


def test_a_mask_forgets_everything_and_never_costs_retained_accuracy(problem):
    outcome = logit_mask.unlearn(fresh(problem), logit_mask.Config())
    loss, accuracy = fresh(problem).measure(outcome.parameters, problem.forget)
    assert (loss, accuracy) == (np.inf, 0.0)
    before = fresh(problem).measure(problem.parameters, problem.validation)
    after = fresh(problem).measure(outcome.parameters, problem.validation)
    assert after[1] >= before[1]
    assert after[0] <= before[0]


def test_a_mask_touches_one_number(problem):
    outcome = logit_mask.unlearn(fresh(problem), logit_mask.Config())
    for name, value in leaves(outcome.parameters).items():
        changed = value != np.asarray(problem.parameters[name])
        assert changed.sum() == (name == "head/bias")


def test_a_part_of_a_class_cannot_be_masked(problem):
    expected = "tests: masks whole classes, and none is to be forgotten whole"
    with pytest.raises(QmuError, match=expected):
        logit_mask.unlearn(fresh(problem, classes=()), logit_mask.Config())


def test_every_class_of_a_request_is_masked(problem):
    outcome = logit_mask.unlearn(fresh(problem, classes=(0, 2)), logit_mask.Config())
    bias = np.asarray(outcome.parameters["head/bias"])
    assert np.array_equal(np.isinf(bias), [True, False, True])


def test_lowering_one_bias_gives_the_forget_set_the_loss_of_a_guess(problem):
    outcome = bias_shift.unlearn(fresh(problem), bias_shift.Config())
    loss, _ = fresh(problem).measure(outcome.parameters, problem.forget)
    assert loss == pytest.approx(np.log(3), abs=1e-9)
    for name, value in leaves(outcome.parameters).items():
        changed = value != np.asarray(problem.parameters[name])
        assert changed.sum() == (name == "head/bias")
    assert np.asarray(outcome.parameters["head/bias"])[1] < problem.parameters["head/bias"][1]
    twice = bias_shift.unlearn(fresh(problem), bias_shift.Config(forget_loss=2))
    loss, _ = fresh(problem).measure(twice.parameters, problem.forget)
    assert loss == pytest.approx(2 * np.log(3), abs=1e-9)


def test_a_bias_that_is_low_enough_stays(problem):
    lowered = bias_shift.unlearn(fresh(problem), bias_shift.Config(forget_loss=2)).parameters
    outcome = bias_shift.unlearn(fresh(problem, parameters=lowered), bias_shift.Config())
    assert same(leaves(outcome.parameters), leaves(lowered))
    assert "already" in outcome.stopped


def test_all_classes_of_a_request_are_lowered_together(problem):
    both = Data(
        np.concatenate([problem.forget.inputs, problem.retain.inputs]),
        np.concatenate([problem.forget.labels, problem.retain.labels]),
    )
    rows = both.labels != 0
    forget = Data(both.inputs[rows], both.labels[rows])
    asked = fresh(problem, classes=(1, 2), parts={"forget": forget})
    outcome = bias_shift.unlearn(asked, bias_shift.Config())
    before, after = (np.asarray(p["head/bias"]) for p in (problem.parameters, outcome.parameters))
    moved = after - before
    assert moved[0] == 0
    assert moved[1] == pytest.approx(moved[2], abs=1e-12)
    loss, _ = fresh(problem).measure(outcome.parameters, forget)
    assert loss == pytest.approx(np.log(3), abs=1e-9)


def test_a_part_of_a_class_has_no_bias(problem):
    expected = "tests: shifts the biases of whole classes, and none is to be forgotten whole"
    with pytest.raises(QmuError, match=expected):
        bias_shift.unlearn(fresh(problem, classes=()), bias_shift.Config())


def test_doing_nothing_changes_nothing(problem):
    outcome = identity.unlearn(fresh(problem), identity.Config())
    assert same(leaves(outcome.parameters), leaves(problem.parameters))
    assert identity.CARD.control
    assert identity.CARD.head_only
