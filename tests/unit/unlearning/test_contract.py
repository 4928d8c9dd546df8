"""Every promise that a method can break, and the line that says so."""

import dataclasses
import re
from types import ModuleType

import numpy as np
import pytest
from fixtures import leaves, small_model, small_problem
from qmu import registry
from qmu.errors import ConfigError, QmuError
from qmu.strict import Strict
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import MethodCard, Outcome

CARD = MethodCard("Mine", "me", "forget")
HEAD = dataclasses.replace(CARD, head_only=True)
MASKS = dataclasses.replace(CARD, masks_logits=True)


@pytest.fixture(scope="module")
def problem():
    return dataclasses.replace(small_problem(small_model()), method="mine")


def outcome(problem, **changes):
    """The model as it was, with some parameters changed."""
    return Outcome(leaves(problem.parameters) | changes, "done")


def refused(problem, broken, card=CARD, variant="mine"):
    """The line that refuses it."""
    with pytest.raises(QmuError) as told:
        checked(broken, problem, variant, card)
    return str(told.value)


def test_what_keeps_every_promise_is_handed_on(problem):
    for card in (CARD, HEAD, MASKS):
        one = outcome(problem)
        assert checked(one, problem, "mine", card) is one


@pytest.mark.parametrize(("broken", "name"), [(None, "NoneType"), ({}, "dict"), ((1, 2), "tuple")])
def test_it_returns_an_outcome(problem, broken, name):
    expected = f"mine: unlearn must return an Outcome(parameters, stopped, history), not {name}"
    assert refused(problem, broken) == expected


def test_a_variant_of_another_name_names_its_method(problem):
    assert refused(problem, None, variant="strong").startswith("strong (method mine): unlearn must")


def test_parameters_keep_their_names(problem):
    assert "parameters must be a dict" in refused(problem, Outcome([], "done"))
    short = outcome(problem)
    del short.parameters["head/bias"]
    assert refused(problem, short) == "mine: its outcome lacks the parameter 'head/bias'"
    more = outcome(problem, extra=np.zeros(3))
    assert refused(problem, more) == (
        "mine: its outcome has a parameter that the model lacks, 'extra'"
    )


def test_parameters_keep_their_shapes_and_types(problem):
    assert refused(problem, outcome(problem, **{"head/bias": np.zeros(4)})) == (
        "mine: 'head/bias' must stay float64 of shape (3,), its outcome is float64 of shape (4,)"
    )
    single = outcome(problem, **{"head/bias": np.zeros(3, np.float32)})
    assert "its outcome is float32 of shape (3,)" in refused(problem, single)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_parameters_are_finite(problem, value):
    broken = outcome(problem, **{"head/bias": np.array([0, value, 0])})
    assert refused(problem, broken) == "mine: returned 'head/bias' with 1 of 3 not finite"


def test_a_mask_is_minus_infinity_in_the_head_alone(problem):
    masked = outcome(problem, **{"head/bias": np.array([0, -np.inf, 0])})
    assert checked(masked, problem, "mine", MASKS) is masked
    for value in (np.nan, np.inf):
        broken = outcome(problem, **{"head/bias": np.array([0, value, -np.inf])})
        assert "1 of 3 not finite" in refused(problem, broken, MASKS)
    circuit = np.full(problem.parameters["circuit"].shape, -np.inf)
    assert "'circuit'" in refused(problem, outcome(problem, circuit=circuit), MASKS)


def test_a_history_has_columns_of_one_length(problem):
    good = outcome(problem)
    for broken in (None, [], {"epoch": []}, {"epoch": [], "loss": [], "hits": []}):
        one = dataclasses.replace(good, history=broken)
        expected = "mine: Outcome.history must have the columns epoch, loss, accuracy"
        assert refused(problem, one) == expected
    uneven = {"epoch": [1, 2], "loss": [0.5], "accuracy": [0.1, 0.2]}
    told = refused(problem, dataclasses.replace(good, history=uneven))
    assert told.endswith("differ in length: epoch 2, loss 1, accuracy 2")


@pytest.mark.parametrize("stopped", [None, "", " ", 3])
def test_it_says_why_it_stopped(problem, stopped):
    one = dataclasses.replace(outcome(problem), stopped=stopped)
    assert refused(problem, one) == "mine: Outcome.stopped must say in words why it stopped"


def test_the_head_alone_changes_where_the_card_promises_it(problem):
    circuit = leaves(problem.parameters)["circuit"] + 1e-9
    broken = outcome(problem, circuit=circuit)
    assert checked(broken, problem, "mine", CARD) is broken
    told = refused(problem, broken, HEAD)
    assert told == "mine: changed 'circuit', though its card says head_only"


# Loading.


class Config(Strict):
    """Of a method that a test makes."""


def test_every_method_loads():
    for name in registry.names("unlearning"):
        assert load_method(name) is registry.load("unlearning", name)


def test_a_card_is_a_method_card(monkeypatch):
    made = ModuleType("made")
    made.Config, made.CARD, made.unlearn = Config, "a card", print
    monkeypatch.setattr(registry.importlib, "import_module", lambda name: made)
    expected = "unlearning component 'ga': CARD must be a MethodCard, not str"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        load_method("ga")
    del made.unlearn
    with pytest.raises(ConfigError, match="'ga': its file must define unlearn"):
        load_method("ga")
