"""A model that a user wrote in a file of their own: read, checked, its quantum part translated.

The file holds ``circuit`` (a ``qml.QNode`` or a quantum function of ``inputs`` and weights),
``input_size`` (numbers in one row of its inputs) and ``weight_shapes`` (argument -> shape, as
PennyLane's own layers take them), and may hold the JAX functions ``before(parameters, inputs)`` and
``after(parameters, values)``, and ``initial_parameters(rng, width, classes)``. It is code: it runs
where a configuration names it.
"""

from __future__ import annotations

import math
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from qmu.circuits.tracing import (
    Function,
    Translation,
    Untranslatable,
    arguments,
    measured,
    translate,
)
from qmu.errors import QmuError
from qmu.lazy import jax


@dataclass(frozen=True)
class Own:
    """What the file holds. ``outputs``: K, the values that its circuit measures. ``translation``:
    None where the circuit runs on ``default.qubit``."""

    file: str
    function: Function
    outputs: int
    translation: Translation | None
    before: Callable[..., Any] | None
    after: Callable[..., Any] | None
    initial_parameters: Callable[..., Any] | None


def own(file: str) -> Own:
    """The model of a file, read and translated once per process; QmuError, in one line with the
    file, for whatever is wrong with it."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise QmuError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise QmuError(f"{file}: is no text in UTF-8, or no name of a file") from None
    return _own(file, text)


def called(model: Own, name: str, *given: Any) -> Any:
    """What a function of the file returns, as it would elsewhere; QmuError where it fails."""
    try:
        with jax.numpy_rank_promotion("allow"):
            return getattr(model, name)(*given)
    except QmuError:
        raise
    except Exception as error:
        raise QmuError(f"{_place(model.file, error)}: {name}: {_told(error)}") from error


@lru_cache(maxsize=8)
def _own(file: str, text: str) -> Own:
    _say(f"runs the code of {file}")
    module = _run(file, text)
    try:
        function = _function(module)
        functions = {name: _optional(module, name) for name in ("before", "after")}
        start = _optional(module, "initial_parameters")
        outputs = measured(function)
        translation = _translated(file, function)
    except QmuError as error:
        raise QmuError(f"{file}: {error}") from None
    return Own(file, function, outputs, translation, **functions, initial_parameters=start)


def _translated(file: str, function: Function) -> Translation | None:
    try:
        return translate(function)
    except Untranslatable as reason:
        _say(f"{file}: runs on default.qubit and not on an engine, for {reason}")
        return None


def _say(line: str) -> None:
    # A job's log holds what is printed here; whoever plans a run may be printing a graph.
    print(line, file=sys.stderr, flush=True)


def _run(file: str, text: str) -> ModuleType:
    module = ModuleType(Path(file).stem)
    module.__file__ = file
    try:
        exec(compile(text, file, "exec"), vars(module))
    except SyntaxError as error:
        raise QmuError(f"{error.filename}, line {error.lineno}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise QmuError(f"{_place(file, error)}: {_told(error)}") from None
    return module


def _place(file: str, error: BaseException) -> str:
    """The file and the last of its lines that an error passed through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f"{file}, line {lines[-1]}" if lines else file


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _function(module: ModuleType) -> Function:
    circuit = _optional(module, "circuit")
    if circuit is None:
        raise QmuError("must define circuit, a function of inputs and weights")
    inputs, weights = arguments(circuit)
    size = getattr(module, "input_size", None)
    if not (isinstance(size, int) and size > 0):
        raise QmuError(f"must define input_size, the numbers in one row of {inputs}")
    shapes = getattr(module, "weight_shapes", None)
    if not isinstance(shapes, Mapping) or set(shapes) != set(weights):
        wanted = ", ".join(f"{name!r}: (...)" for name in weights)
        raise QmuError(
            f"must define weight_shapes, the shape of every argument of weights: {{{wanted}}}"
        )
    return Function(circuit, inputs, {name: _shape(name, shapes[name]) for name in weights}, size)


def _shape(name: str, given: Any) -> tuple[int, ...]:
    shape = tuple(given) if isinstance(given, tuple | list) else (given,)
    if not all(isinstance(size, int) and size > 0 for size in shape) or not math.prod(shape):
        raise QmuError(f"weight_shapes: {name!r} must be a tuple of whole numbers, found {given!r}")
    return shape


def _optional(module: ModuleType, name: str) -> Any:
    found = getattr(module, name, None)
    if found is not None and not callable(found):
        raise QmuError(f"{name}: must be a function, found {type(found).__name__}")
    return found
