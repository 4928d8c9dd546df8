"""Down-dating a kernel model: retraining exactly, in any order of requests, without a circuit."""

import dataclasses

import model_example
import numpy as np
import pytest
from fixtures import leaves
from qmu.models import model as models
from qmu.unlearning.methods import kernel_downdate
from qmu.unlearning.problem import Data, Ledger, Problem

ROWS = 40


@pytest.fixture(scope="module", params=["amplitude", "angle", "compact_angle"])
def trained(request):
    qubits = 6 if request.param == "angle" else 3
    model = model_example.small("kernel_clf", embedding=request.param, qubits=qubits)
    pool, labels = model_example.pool("kernel_clf", ROWS)
    return model, model.inputs(pool), labels


def fitted(trained, rows):
    model, inputs, labels = trained
    found = model.module.fit(model.config, inputs[rows], labels[rows], model.classes)
    return model.convert(found)


def problem_without(trained, gone, rows=None):
    """``gone`` of the trained ``rows`` are to be forgotten."""
    model, inputs, labels = trained
    rows = np.arange(ROWS) if rows is None else rows
    parts = {"forget": rows[np.isin(rows, gone)], "retain": rows[~np.isin(rows, gone)]}
    return Problem(
        model=model,
        parameters=fitted(trained, rows),
        parts={name: Data(inputs[at], labels[at]) for name, at in parts.items()},
        classes=(),
        names=("tests", "kernel_downdate"),
        method="kernel_downdate",
        report=lambda line: None,
        ledger=Ledger(),
    )


def downdated(problem):
    return leaves(kernel_downdate.unlearn(problem, kernel_downdate.Config()).parameters)


@pytest.mark.parametrize("gone", ["a class", "some rows", "one row"])
def test_it_is_retraining(trained, gone):
    labels = trained[2]
    rows = {"a class": np.flatnonzero(labels == 1), "some rows": np.arange(0, ROWS, 7)}
    forget = rows.get(gone, np.array([3]))
    found = downdated(problem_without(trained, forget))
    expected = fitted(trained, np.setdiff1d(np.arange(ROWS), forget))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-8)
    assert not np.allclose(
        found["kernel/weight"], fitted(trained, np.arange(ROWS))["kernel/weight"]
    )


def test_the_order_of_requests_changes_nothing(trained):
    first, second = np.array([1, 4, 9]), np.array([2, 30])
    results = []
    for one, other in ((first, second), (second, first)):
        kept = np.setdiff1d(np.arange(ROWS), one)
        started = problem_without(trained, other, kept)
        begun = downdated(problem_without(trained, one))
        results.append(downdated(dataclasses.replace(started, parameters=begun)))
    together = downdated(problem_without(trained, np.concatenate([first, second])))
    for found in results:
        np.testing.assert_allclose(found["kernel/weight"], together["kernel/weight"], atol=1e-8)


def test_no_circuit_is_paid_for(trained):
    problem = problem_without(trained, np.array([3]))
    downdated(problem)
    assert problem.ledger == Ledger()


def test_other_models_are_left_out():
    settings = model_example.small("basic_qnn")
    has = models.traits(settings.module, settings.config, settings.width, settings.classes)
    assert kernel_downdate.CARD.needs == ("kernel",)
    assert "kernel" not in has
