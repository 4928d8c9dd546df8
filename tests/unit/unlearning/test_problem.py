"""What a problem hands over, refuses, computes and charges."""

import dataclasses

import numpy as np
import pytest
from fixtures import leaves, same, small_model, small_problem
from qmu import seeds
from qmu.errors import ConfigError, QmuError
from qmu.models.gradients import gradient_of
from qmu.unlearning.ledger import Ledger
from qmu.unlearning.problem import READS, Data, MethodCard, Outcome, problem_of


@pytest.fixture(scope="module")
def problem():
    return small_problem(small_model())


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def half_square(logits, targets, xp):
    return 0.5 * xp.sum((logits - targets) ** 2, axis=-1)


# Data.


PARTS = ("forget", "retain", "validation")
REFUSED = [
    ((), "forget", r"reads='none', so it is not given the data to forget; say reads='forget'"),
    ((), "retain", r"reads='none', so it is not given the retained data; say reads='retain'"),
    (("forget",), "retain", r"reads='forget', .* the retained data; say reads='both'"),
    (
        ("retain", "validation"),
        "forget",
        r"reads='retain', .* the data to forget; say reads='both'",
    ),
    (("forget", "retain"), "validation", r"validation=False, .* data; say validation=True"),
]


@pytest.mark.parametrize(("handed", "asked", "expected"), REFUSED)
def test_data_that_the_card_does_not_ask_for_are_refused_in_one_line(
    problem, handed, asked, expected
):
    one = fresh(problem, parts={part: problem.parts[part] for part in handed}, method="mine")
    with pytest.raises(QmuError, match=f"^mine: its card says {expected}$"):
        getattr(one, asked)
    assert [part for part in PARTS if one.has(part)] == [p for p in PARTS if p in handed]


@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("validation", [True, False])
def test_a_problem_holds_what_the_card_reads_and_no_more(problem, reads, validation):
    rng = np.random.default_rng(0)
    pool = Data(rng.normal(size=(9, 16)), np.arange(9) % 3)
    positions = {"forget": np.array([1, 4]), "retain": np.array([0, 2]), "validation": [3, 5]}
    made = problem_of(
        "mine",
        MethodCard("Mine", "me", reads, validation=validation),
        model=problem.model,
        parameters=leaves(problem.parameters),
        pool=pool,
        positions=positions,
        classes=(1,),
        names=("tests",),
        report=print,
    )
    assert made.parts.keys() == {*READS[reads], *(["validation"] if validation else [])}
    for part, data in made.parts.items():
        assert np.array_equal(data.inputs, pool.inputs[positions[part]])
        assert np.array_equal(data.labels, pool.labels[positions[part]])
    assert same(leaves(made.parameters), leaves(problem.parameters))
    assert (made.classes, made.method, made.names) == ((1,), "mine", ("tests",))
    assert made.ledger == Ledger()


def test_a_part_without_data_is_said(problem):
    nothing = {"forget": np.array([], int)}
    with pytest.raises(QmuError, match=r"^mine: reads the forget data, and there are none$"):
        problem_of(
            "mine",
            MethodCard("Mine", "me", "forget"),
            model=problem.model,
            parameters=leaves(problem.parameters),
            pool=problem.retain,
            positions=nothing,
            classes=(),
            names=("tests",),
            report=print,
        )


def test_a_card_says_what_can_be_read():
    with pytest.raises(ConfigError, match=r"its card says reads='all', which is none of \('none'"):
        MethodCard("Mine", "me", "all")


def test_an_edit_has_no_history():
    one, other = Outcome({}, "done"), Outcome({}, "done")
    assert one.history == {"epoch": [], "loss": [], "accuracy": []}
    assert one.history is not other.history


# Randomness.


def test_random_numbers_are_named(problem):
    names = (*problem.names, "noise", 3)
    assert problem.key("noise", 3) == seeds.key(*names)
    drawn = problem.generator("noise", 3).normal(size=4)
    assert np.array_equal(drawn, seeds.generator(*names).normal(size=4))


# The bill.


def charged(problem, compute):
    """The bill of one computation on the retain set."""
    one = fresh(problem)
    compute(one, one.parameters, one.retain)
    return one.ledger


BILLS = {
    "a gradient": (lambda p, x, data: p.gradient(x, data), (1, 0, 0)),
    "of another loss": (
        lambda p, x, data: p.gradient(
            x, Data(data.inputs, np.zeros((len(data), 3))), loss=half_square
        ),
        (1, 0, 0),
    ),
    "per sample": (lambda p, x, data: p.per_sample_gradients(x, data), (1, 0, 0)),
    "a Fisher product": (lambda p, x, data: p.fisher_product(x, data, x), (1, 0, 0)),
    "a Hessian product": (lambda p, x, data: p.hessian_product(x, data, x), (0, 0, 1)),
    "logits": (lambda p, x, data: p.logits(x, data), (0, 1, 0)),
    "a loss": (lambda p, x, data: p.training_loss(x, data), (0, 1, 0)),
    "a measurement": (lambda p, x, data: p.measure(x, data), (0, 1, 0)),
}


@pytest.mark.parametrize(("compute", "each"), BILLS.values(), ids=BILLS)
def test_every_sample_is_charged(problem, compute, each):
    count = len(problem.retain)
    gradients, forwards, products = each
    expected = Ledger(gradients * count, forwards * count, products * count)
    assert charged(problem, compute) == expected


def test_the_bill_in_circuits():
    bill = Ledger(gradient_evaluations=10, forward_evaluations=7, hessian_products=4).columns(24)
    assert bill == {
        "gradient_evaluations": [10],
        "forward_evaluations": [7],
        "hessian_products": [4],
        "circuit_executions": [7 + 10 * 49 + 4 * 2 * 49],
        "samples_read": [21],
    }


# What is computed.


def test_the_gradient_of_another_loss_has_its_targets(problem):
    targets = np.random.default_rng(0).normal(size=(len(problem.retain), 3))
    data = Data(problem.retain.inputs, targets)
    gradient = fresh(problem).gradient(problem.parameters, data, loss=half_square)
    expected = gradient_of(problem.model, half_square)(
        problem.parameters, problem.retain.inputs, targets
    )
    assert same(leaves(gradient), leaves(expected))


def test_a_teachers_own_outputs_pull_nowhere(problem):
    logits = fresh(problem).logits(problem.parameters, problem.retain)
    data = Data(problem.retain.inputs, logits)
    gradient = fresh(problem).gradient(problem.parameters, data, loss=half_square)
    assert all(np.all(np.abs(value) < 1e-12) for value in leaves(gradient).values())


def test_products_are_linear_and_agree_with_the_gradients(problem):
    one, x = fresh(problem), problem.parameters
    each = one.per_sample_gradients(x, problem.forget)
    mean = one.gradient(x, problem.forget)
    for name, value in leaves(mean).items():
        np.testing.assert_allclose(each[name].mean(axis=0), value, atol=1e-13)
    twice = {name: 2 * value for name, value in x.items()}
    for product in (one.hessian_product, one.fisher_product):
        once, double = (leaves(product(x, problem.forget, v)) for v in (x, twice))
        for name, value in once.items():
            np.testing.assert_allclose(double[name], 2 * value, atol=1e-13)
