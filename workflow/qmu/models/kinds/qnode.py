"""`qnode`: a model that the user wrote in PennyLane, in a file of their own (see `qmu.models.own`).

Its quantum function is translated into a circuit, so that it runs on every engine; where it has
none it runs on PennyLane's ``default.qubit``, like a classical model to all that asks for circuits.
PennyLane: Bergholm et al. 2018 (arXiv:1811.04968).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import field_validator

from qmu.circuits.circuit import Circuit
from qmu.errors import QmuError
from qmu.lazy import jax, jnp
from qmu.models.heads import dense
from qmu.models.model import ModelCard
from qmu.models.own import Own, called, own
from qmu.models.recipe import Training
from qmu.strict import Strict

if TYPE_CHECKING:
    from jax import Array

CARD = ModelCard(
    title="A QNode of one's own",
    source="the user's file",
    inputs="features",
    trains_embedding=True,
)


class Config(Strict):
    """``file``: Python code, which runs because it is named here. It defines ``circuit(inputs,
    weights)``, a ``qml.QNode`` or a quantum function, ``input_size`` and ``weight_shapes``; a dense
    head follows unless it defines ``after``."""

    file: str
    training: Training = Training(
        optimizer="adam", learning_rate=0.02, batch_size=20, epochs=20, loss="ce"
    )

    @field_validator("file")
    @classmethod
    def _readable(cls, file: str) -> str:
        try:
            own(file)
        except QmuError as error:
            raise ValueError(str(error)) from None
        return file


def files(config: Config) -> tuple[str, ...]:
    """The user's file, whose content a model's jobs depend on."""
    return (config.file,)


def check(config: Config, width: int, classes: int) -> None:
    """ValueError where rows of ``width`` numbers do not fit the circuit's inputs, or the file's
    functions do not lead from them to the ``classes``."""
    model = own(config.file)
    size = model.function.width
    if model.before is None and width != size:
        raise ValueError(
            f"file: {config.file}: its circuit reads input_size = {size} numbers and a row has "
            f"{width}; choose another features.components, or define before(parameters, inputs)"
        )
    try:
        start = initial_parameters(config, width, classes, np.random.default_rng(0))
        rows = np.zeros((2, width))
        if model.before is not None:
            rows = jax.eval_shape(lambda p, x: called(model, "before", p, x), _front(start), rows)
            _same(model, "before", rows, (2, model.function.width))
        values = np.zeros((2, model.outputs))
        logits = jax.eval_shape(head_of(config), _head(start), values)
        _same(model, "after", logits, (2, classes))
    except QmuError as error:
        raise ValueError(f"file: {error}") from None


def circuit(config: Config, classes: int) -> Circuit | None:
    """The quantum part; None where it has no circuit."""
    translation = own(config.file).translation
    return None if translation is None else translation.circuit


def initial_parameters(
    config: Config, width: int, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The file's own by their names, weights by their arguments' names; what it does not give, from
    U(-pi, pi) for weights and U(-1/sqrt(K), 1/sqrt(K)) for the head."""
    model = own(config.file)
    starts = model.initial_parameters is not None
    given = called(model, "initial_parameters", rng, width, classes) if starts else {}
    if not isinstance(given, dict):
        raise QmuError(f"{config.file}: initial_parameters: must return a dict of arrays")
    given = {name: np.array(value, np.float64) for name, value in given.items()}
    parts = []
    for name, shape in model.function.shapes.items():
        values = given.pop(name, None)
        values = rng.uniform(-math.pi, math.pi, shape) if values is None else values
        _same(model, f"initial_parameters: {name}", values, shape)
        parts.append(values.reshape(-1))
    theta, trained = np.concatenate(parts), _trained(model)
    outputs = model.outputs
    found = {"circuit": theta[trained], "weights": np.delete(theta, trained)}
    if model.after is None:
        for name, shape in (("head/weight", (outputs, classes)), ("head/bias", (classes,))):
            found[name] = rng.uniform(-1, 1, shape) / math.sqrt(outputs)
    return {name: value for name, value in (found | given).items() if value.size}


def embed(config: Config, parameters: dict[str, Array], inputs: Array) -> Array:
    """Rows (n, width) to what the circuit takes in, or to what it measures (n, K) where the engines
    have none."""
    model = own(config.file)
    rows = inputs
    if model.before is not None:
        rows = called(model, "before", _front(parameters), inputs)
    translation = model.translation
    if translation is not None and translation.embed is None:
        return rows
    trained = _trained(model)
    others = np.setdiff1d(np.arange(model.function.weights), trained)
    theta = jnp.zeros(model.function.weights, rows.dtype)
    if len(others):
        theta = theta.at[others].set(parameters["weights"])
    if translation is None:
        from qmu.simulators.own import native

        return native(model.function)(theta, rows).astype(rows.dtype)
    return jax.vmap(translation.embed, (None, 0))(theta, rows)


head = dense


def head_of(config: Config) -> Callable[[dict[str, Array], Array], Array]:
    """The file's ``after``, which reads the parameters called head/..., or a dense layer."""
    model = own(config.file)
    if model.after is None:
        return dense
    return lambda parameters, values: called(model, "after", _head(parameters), values)


def _trained(model: Own) -> np.ndarray:
    """The weights that are the circuit's parameters."""
    return np.zeros(0, int) if model.translation is None else model.translation.trained


def _head(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name.startswith("head/")}


def _front(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters that ``before`` may read."""
    return {n: p for n, p in parameters.items() if n != "circuit" and not n.startswith("head/")}


def _same(model: Own, name: str, found: Any, shape: tuple[int, ...]) -> None:
    if getattr(found, "shape", None) != shape:
        what = getattr(found, "shape", type(found).__name__)
        raise QmuError(f"{model.file}: {name}: must give shape {shape}, found {what}")
