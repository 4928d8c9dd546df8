"""What every unlearning method promises, whatever it does."""

import dataclasses

import jax.numpy as jnp
import model_example
import numpy as np
import pytest
from fixtures import leaves, same, trained_problem
from qmu import registry
from qmu.strict import Strict
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import READS, Data, Ledger, MethodCard

NAMES = registry.names("unlearning")


@pytest.fixture(scope="module")
def problems():
    """By whether the model is a kernel's."""
    kernel = model_example.small("kernel_clf", qubits=4)
    return {False: trained_problem(), True: trained_problem(model=kernel)}


@pytest.fixture
def everything(problems, method):
    """The problem on a model that has what the method needs."""
    return problems["kernel" in method.CARD.needs]


def fresh(problem, card=None, **parts):
    """The problem with an empty bill, and only the data that a card asks for; ``parts`` replace
    those of the problem."""
    parts = {**problem.parts, **parts}
    if card is not None:
        handed = {*READS[card.reads], *(["validation"] if card.validation else [])}
        parts = {name: data for name, data in parts.items() if name in handed}
    return dataclasses.replace(problem, ledger=Ledger(), parts=parts)


def labelled(data, label):
    """The rows of one class."""
    rows = data.labels == label
    return Data(data.inputs[rows], data.labels[rows])


@pytest.fixture(params=NAMES)
def method(request):
    return load_method(request.param)


def test_the_card_is_complete(method):
    card = method.CARD
    assert isinstance(card, MethodCard)
    assert card.title
    assert card.source
    assert card.reads in READS
    assert issubclass(method.Config, Strict)
    assert "reconstructed" not in card.source or card.reconstructed


def test_shapes_types_and_history(method, everything):
    problem = fresh(everything, method.CARD)
    outcome = method.unlearn(problem, method.Config())
    assert outcome.parameters.keys() == problem.parameters.keys()
    for name, value in outcome.parameters.items():
        assert value.shape == problem.parameters[name].shape
        assert value.dtype == problem.parameters[name].dtype
        assert not np.any(np.isnan(value))
    steps = len(outcome.history["epoch"])
    assert outcome.history.keys() == {"epoch", "loss", "accuracy"}
    assert outcome.history["epoch"] == list(range(1, steps + 1))
    assert len(outcome.history["loss"]) == len(outcome.history["accuracy"]) == steps
    assert outcome.stopped
    assert "\n" not in outcome.stopped
    assert checked(outcome, problem, "variant", method.CARD) is outcome


def test_the_same_problem_twice_is_bit_identical(method, everything):
    one, other = (method.unlearn(fresh(everything, method.CARD), method.Config()) for _ in range(2))
    assert same(leaves(one.parameters), leaves(other.parameters))
    assert one.history == other.history


def test_inputs_are_not_changed(method, everything):
    problem = fresh(everything, method.CARD)
    before = leaves(problem.parameters)
    parts = list(problem.parts.values())
    rows = [(np.array(part.inputs), np.array(part.labels)) for part in parts]
    method.unlearn(problem, method.Config())
    assert same(before, leaves(problem.parameters))
    for part, (inputs, labels) in zip(parts, rows, strict=True):
        assert np.array_equal(part.inputs, inputs)
        assert np.array_equal(part.labels, labels)


def test_data_that_is_not_asked_for_changes_nothing(method, everything):
    """Poison stands in place of every set that the method does not read."""
    expected = method.unlearn(fresh(everything, method.CARD), method.Config())
    poison = Data(jnp.full((6, 16), jnp.nan), jnp.zeros(6, int))
    handed = fresh(everything, method.CARD).parts
    poisoned = {name: poison for name in everything.parts if name not in handed}
    outcome = method.unlearn(fresh(everything, **poisoned), method.Config())
    assert same(leaves(outcome.parameters), leaves(expected.parameters))


def test_the_forget_loss_rises(method, everything):
    """Where a method reads what it shall forget; one that does not changes the model at least."""
    outcome = method.unlearn(fresh(everything, method.CARD), method.Config())
    before = fresh(everything).measure(everything.parameters, everything.forget)
    after = fresh(everything).measure(outcome.parameters, everything.forget)
    assert before[1] > 0.8
    unchanged = same(leaves(outcome.parameters), leaves(everything.parameters))
    if method.CARD.cost == "nothing" and unchanged:
        assert method.CARD.control
        assert outcome.stopped == "nothing was done"
        return
    assert not unchanged
    if "forget" in READS[method.CARD.reads] and not method.CARD.undirected:
        assert after[0] > before[0]


def test_the_retained_classes_survive(method, everything):
    """Within the stopping rule's 2 points, and within 10 where a method only descends on them."""
    if not method.CARD.validation and "retain" not in READS[method.CARD.reads]:
        pytest.skip("promises nothing: it sees nothing of what is retained")
    if method.CARD.released:
        pytest.skip("promises nothing: it is what was released")
    outcome = method.unlearn(fresh(everything, method.CARD), method.Config())
    before = fresh(everything).measure(everything.parameters, everything.validation)[1]
    after = fresh(everything).measure(outcome.parameters, everything.validation)[1]
    assert after >= before - (0.02 if method.CARD.validation else 0.1)


def test_a_later_request_is_served_on_what_the_method_left(method, everything):
    """Class 2 after class 1. Training on what is left may lower the loss a little where no stopping
    rule watches."""
    first = method.unlearn(fresh(everything, method.CARD), method.Config())
    later = {name: labelled(everything.parts[name], 0) for name in ("retain", "validation")}
    later["forget"] = labelled(everything.parts["retain"], 2)
    problem = dataclasses.replace(
        fresh(everything, method.CARD, **later),
        parameters=first.parameters,
        classes=(2,),
        names=(*everything.names, "second request"),
    )
    before = leaves(first.parameters)
    second = method.unlearn(problem, method.Config())
    assert checked(second, problem, "variant", method.CARD) is second
    assert same(before, leaves(first.parameters))
    loss = [
        fresh(everything).measure(parameters, later["forget"])[0]
        for parameters in (first.parameters, second.parameters)
    ]
    if "forget" in READS[method.CARD.reads] and not method.CARD.undirected:
        assert loss[1] > loss[0] - (1e-9 if method.CARD.validation else 0.05)
    elif method.CARD.cost == "nothing" and same(before, leaves(everything.parameters)):
        assert same(before, leaves(second.parameters))


def test_the_bill_counts_every_sample(method, everything):
    """Wrappers count what goes through the problem; nothing else may be done with the data."""
    problem = fresh(everything, method.CARD)
    method.unlearn(problem, method.Config())
    ledger = problem.ledger
    if method.CARD.cost in ("nothing", "algebra"):
        assert ledger == Ledger()
        return
    passes = ledger.gradient_evaluations + ledger.forward_evaluations + ledger.hessian_products
    read = [len(problem.parts[part]) for part in READS[method.CARD.reads]]
    assert passes >= sum(read)
    table = ledger.columns(problem.model.circuit_parameters)
    shifts = 2 * problem.model.circuit_parameters + 1
    gradients = ledger.gradient_evaluations + 2 * ledger.hessian_products
    circuits = ledger.forward_evaluations + shifts * gradients
    assert table["circuit_executions"] == [circuits]


def test_settings_survive_json(method):
    config = method.Config()
    assert method.Config(**config.model_dump(mode="json")) == config
