"""Every unlearning method on models that lack what others have: a circuit, or a classical head."""

import dataclasses
import math

import model_example
import numpy as np
import pytest
from qmu import registry
from qmu.models import model as models
from qmu.models import training
from qmu.seeds import generator
from qmu.unlearning.contract import checked, load_method, missing
from qmu.unlearning.problem import READS, Data, Ledger, Problem

METHODS = registry.names("unlearning")
MODELS = ("mlp", "reupload_vqc")
NAMES = ("contract", "methods on models")


@pytest.fixture(scope="module", params=MODELS)
def trained(request):
    """A model that has learnt its rows, and what every method may be handed of them."""
    recipe = {"optimizer": "adam", "learning_rate": 0.05, "batch_size": 12, "epochs": 15}
    model = model_example.small(request.param, training=recipe)
    pool, labels = model_example.pool(request.param, 96)
    inputs = model.inputs(pool)
    start = model.initial_parameters(generator(*NAMES))
    found, _ = training.train(model, start, inputs, labels, np.arange(60), NAMES, lambda line: None)
    known = np.arange(96) < 60
    rows = {
        "forget": known & (labels == 1),
        "retain": known & (labels != 1),
        "validation": ~known & (labels != 1),
    }
    has = models.traits(model.module, model.config, model.width, model.classes)
    return model, has, found, {name: Data(inputs[at], labels[at]) for name, at in rows.items()}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_keeps_its_promises_on_any_model(name, trained):
    model, has, parameters, parts = trained
    method = load_method(name)
    if words := missing(method.CARD, "all", has):
        pytest.skip(f"left out: needs {words}")
    handed = {*READS[method.CARD.reads], *(["validation"] if method.CARD.validation else [])}
    problem = Problem(
        model=model,
        parameters=parameters,
        parts={part: data for part, data in parts.items() if part in handed},
        classes=(1,),
        names=(*NAMES, name),
        method=name,
        report=lambda line: None,
        ledger=Ledger(),
        reference=math.log(model.classes),
    )
    outcome = method.unlearn(problem, method.Config())
    assert checked(outcome, problem, name, method.CARD) is outcome
    if "forget" not in READS[method.CARD.reads]:
        return  # It knows nothing of what shall be forgotten: the loss of that may fall.
    # A method may find nothing that forgets without harm, and then keeps the original's answers.
    whole = dataclasses.replace(problem, parts=parts)
    before, after = (whole.measure(p, parts["forget"])[0] for p in (parameters, outcome.parameters))
    assert after > before - 1e-9
