"""Small models, data and problems that several tests share."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from qmu.models import model as models
from qmu.seeds import generator
from qmu.unlearning.problem import Data, Ledger, Problem

CLASSES = 3
FEATURES = 16
SMALL_TRAINING = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "batch_size": 8,
    "epochs": 2,
    "loss": "ce",
}


def small_config() -> dict[str, Any]:
    """The smallest configuration that a run could have; tests change one thing of it."""
    return {
        "experiment": "small",
        "seeds": [0],
        "forget": {"kind": "class", "label": 4},
        "models": {"basic_qnn": {"layers": 1}},
        "unlearning": {"ga": {}},
        "attacks": {"loss_thr": {}},
    }


def small_model(
    *, precision: str = "double", component: str = "basic_qnn", layers: int = 2, **training: Any
) -> models.Model:
    """Four qubits on default.qubit, three classes."""
    settings = {
        "qubits": 4,
        "layers": layers,
        "training": SMALL_TRAINING | training,
    }
    return models.build(component, settings, CLASSES, "default.qubit", precision)


@lru_cache(maxsize=64)
def compiled(model: models.Model, method: str) -> Any:
    """A method of a model as one program: operation by operation each would compile by itself."""
    import jax

    return jax.jit(getattr(model, method))


def small_data(samples: int, name: str = "data", features: int = FEATURES) -> Any:
    """``inputs`` (samples, features) float64 and ``labels`` (samples,): one blob per class."""
    rng = generator("tests", name)
    centres = generator("tests", "centres", features).normal(size=(CLASSES, features))
    labels = rng.integers(0, CLASSES, samples)
    return centres[labels] + 0.5 * rng.normal(size=(samples, features)), labels


def part(inputs: np.ndarray, labels: np.ndarray, chosen: np.ndarray, model: models.Model) -> Data:
    """The chosen rows as a method reads them."""
    return Data(inputs[chosen].astype(model.dtype), labels[chosen])


def small_problem(
    model: models.Model,
    *,
    parameters: Any = None,
    retain: bool = True,
    validation: bool = True,
    samples: int = 48,
    names: tuple[str | int, ...] = ("tests", "unlearning"),
) -> Problem:
    """Class 1 is to be forgotten; validation holds retained classes only."""
    inputs, labels = small_data(samples)
    held_out, held_out_labels = small_data(samples, "held out")
    if parameters is None:
        parameters = model.initial_parameters(generator("tests", "parameters"))
    parts = {
        "forget": part(inputs, labels, labels == 1, model),
        "retain": part(inputs, labels, labels != 1, model),
        "validation": part(held_out, held_out_labels, held_out_labels != 1, model),
    }
    wanted = {"forget": True, "retain": retain, "validation": validation}
    return Problem(
        model=model,
        parameters=parameters,
        parts={name: data for name, data in parts.items() if wanted[name]},
        classes=(1,),
        names=names,
        method="tests",
        report=lambda line: None,
        ledger=Ledger(),
        reference=math.log(CLASSES),
    )


def leaves(parameters: Any) -> dict[str, np.ndarray]:
    """A parameter dict as NumPy arrays (copies)."""
    return {name: np.array(value) for name, value in parameters.items()}


def same(a: Any, b: Any) -> bool:
    """Whether two parameter dicts are bit-identical."""
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def trained_problem(**options: Any) -> Problem:
    """The problem on a small model that has learnt its data."""
    from qmu.models import training

    model = options.pop("model", None) or small_model(epochs=12)
    inputs, labels = small_data(48)
    names = ("tests", "target")
    parameters, _ = training.train(
        model,
        model.initial_parameters(generator(*names, "parameters")),
        inputs.astype(model.dtype),
        labels,
        np.arange(48),
        names,
        lambda line: None,
    )
    return small_problem(model, parameters=parameters, **options)
