"""What the retrained models answer, computed once for all variants that are compared with them.

A job examines many variants beside the same retrained models. A function that is `remembered` runs
once for what it is asked, by value: arrays count by their bytes, so an answer can never be another
model's, and a remembered answer is bit for bit the one that would be computed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from qmu.models.model import Model, Parameters
from qmu.models.outputs import evaluate

from .exam import Exam, SeedExam

# What is kept per function, the latest answers: some seeds with their retrained models.
MOST, BYTES = 128, 2**28


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its latest answers kept; ``function.forget()`` drops them. Arguments are
    positional: arrays, dicts of arrays, and what can be hashed."""
    known: OrderedDict[tuple, Any] = OrderedDict()

    @wraps(function)
    def asked(*arguments: Any) -> Any:
        key = tuple(_by_value(argument) for argument in arguments)
        if key not in known:
            known[key] = function(*arguments)
            while len(known) > 1 and (len(known) > MOST or _size(known) > BYTES):
                known.popitem(last=False)
        known.move_to_end(key)
        return known[key]

    asked.forget = known.clear
    return asked


def _size(known: OrderedDict[tuple, Any]) -> int:
    return sum(getattr(answer, "nbytes", 0) for answer in known.values())


def _by_value(argument: Any) -> Any:
    if isinstance(argument, dict):
        return tuple((name, _by_value(argument[name])) for name in sorted(argument))
    if hasattr(argument, "dtype"):
        array = np.ascontiguousarray(argument)
        return array.dtype.str, array.shape, hashlib.sha256(array.data).hexdigest()
    return argument


@remembered
def expectation_values(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """What the head reads of ``inputs`` (n, d), (n, wires) float64; not to be written to."""
    values = evaluate(model, parameters, inputs)["expectation_values"]
    values.flags.writeable = False
    return values


def of_retrained(exam: Exam, one: SeedExam, rows: np.ndarray) -> list[np.ndarray]:
    """What the heads of `Exam.counterparts` read of the images ``rows``, (n, wires) each."""
    further = [expectation_values(exam.model, p, one.inputs[rows]) for p in one.ensemble]
    if exam.variant == "retrain":
        return further
    return [one.retrain_outputs["expectation_values"][rows], *further]
