"""A model: embedding, circuit where it has one, head, as pure functions of parameters and inputs.

Parameters are a dict of arrays by name; ``parameters["circuit"]`` holds the angles, names that
begin with ``head/`` belong to the head. The circuit runs on whatever device was asked for; nothing
that uses a `Model` knows which. A classical model has no circuit: its head reads the embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from qmu import losses, registry
from qmu.errors import QmuError
from qmu.lazy import jax, jnp

from .heads import BIAS, WEIGHT

if TYPE_CHECKING:
    from jax import Array

    from qmu.circuits.circuit import Circuit
    from qmu.strict import Strict

Parameters = dict[str, Any]


@dataclass(frozen=True)
class ModelCard:
    """A model: its title, source, what of the pool it reads, and whether parameters of its own
    stand before the circuit. A setting ``reads`` of its `Config` replaces ``inputs`` where a model
    can read several."""

    title: str
    source: str
    inputs: Literal["features", "image", "states"]
    trains_embedding: bool = False


class ModelModule(Protocol):
    """A file of ``qmu/models/kinds``. A quantum model has ``circuit(config, classes) -> Circuit``
    as well.

    A model with ``fit(config, inputs, labels, classes) -> parameters`` (float64 arrays) is trained
    at once, by what that returns for its training rows, and takes no steps.

    ``DENSE`` (weight name -> bias name) and ``dense_inputs(parameters, inputs)`` may name one wide
    dense layer, whose per-sample gradients are then never held one by one.
    """

    CARD: ModelCard
    Config: type[Strict]

    def check(self, config: Any, width: int, classes: int) -> None:
        """Raise ValueError, whose text begins with the key at fault, where rows of ``width``
        numbers cannot be read or so many classes not be told apart. Called before any job
        starts."""

    def initial_parameters(
        self, config: Any, width: int, classes: int, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Fresh parameters for rows of ``width`` numbers, float64 arrays by name. A head whose last
        layer is dense calls it `heads.WEIGHT` (units, classes) and `heads.BIAS` (classes,); one
        without parameters has no name there."""

    def embed(self, config: Any, parameters: Parameters, inputs: Array) -> Array:
        """Inputs (n, width) to what the circuit takes in (n, circuit.input_size), or to what the
        head reads where there is no circuit."""

    def head(self, parameters: Parameters, values: Array) -> Array:
        """What was measured (n, measured wires), or the embedding, to logits (n, classes)."""


# A model whose code stands in a file of the user's has further functions: `files(config)` names it,
# and `head_of(config)` is its head.


@dataclass(frozen=True)
class Model:
    """One model kind on one device.

    ``expectation`` maps (angles (P,), embedded inputs (n, d)) to <Z> (n, wires); None, like
    ``circuit``, for a classical model. ``width``: numbers per row of the inputs, which a model
    whose shapes follow from the data needs for its initial parameters.
    """

    module: ModuleType
    config: Any
    classes: int
    circuit: Circuit | None
    expectation: Callable[[Array, Array], Array] | None
    dtype: Any
    width: int = 0

    @property
    def engine(self) -> Any:
        """The host device's engine (NumPy in and out), None where all runs inside JAX."""
        return getattr(self.expectation, "engine", None)

    @property
    def head(self) -> Callable[[Parameters, Array], Array]:
        """The module's head, by the model's settings where it depends on them."""
        made = getattr(self.module, "head_of", None)
        return self.module.head if made is None else made(self.config)

    @property
    def wires(self) -> int:
        """Qubits of the circuit, 0 without one."""
        return self.circuit.wires if self.circuit else 0

    @property
    def circuit_parameters(self) -> int:
        """Number of circuit angles, P_q."""
        return self.circuit.parameters if self.circuit else 0

    def initial_parameters(self, rng: np.random.Generator) -> Parameters:
        """Fresh parameters from the model's own initialiser, in the model's precision."""
        return self.convert(
            self.module.initial_parameters(self.config, self.width, self.classes, rng)
        )

    def expectation_values(self, parameters: Parameters, inputs: Array) -> Array:
        """What the head reads: <Z> of every measured wire (n, wires), or the embedding."""
        states = self.module.embed(self.config, parameters, inputs)
        if self.circuit is None:
            return states
        return self.expectation(parameters["circuit"].reshape(-1), states)

    def logits(self, parameters: Parameters, inputs: Array) -> Array:
        """Class scores before the softmax, (n, classes)."""
        return self.head(parameters, self.expectation_values(parameters, inputs))

    def losses(self, parameters: Parameters, inputs: Array, labels: Array) -> Array:
        """The training loss of every sample, (n,)."""
        loss = losses.LOSSES[self.config.training.loss]
        return loss(self.logits(parameters, inputs), labels, jnp)

    def mean_loss(self, parameters: Parameters, inputs: Array, labels: Array) -> Array:
        """The mean training loss, a scalar."""
        return jnp.mean(self.losses(parameters, inputs, labels))

    def convert(self, parameters: Mapping[str, np.ndarray]) -> Parameters:
        """Stored parameters as device arrays in the model's precision."""
        return {name: jnp.asarray(value, self.dtype) for name, value in parameters.items()}

    def inputs(self, pool: Mapping[str, np.ndarray]) -> np.ndarray:
        """What this model reads of the pool, (n, d): pixels scaled to [-1, 1], features, or complex
        amplitudes. Raises QmuError for a row of features that amplitudes cannot hold."""
        reads = reads_of(self.module, self.config)
        if reads == "image":
            return ((pool["image"] / 255.0 - 0.5) / 0.5).astype(self.dtype)
        if reads == "states":
            amplitudes = pool["real"] + 1j * pool["imaginary"]
            return amplitudes.astype(np.result_type(self.dtype, np.complex64))
        rows = pool["features"].astype(self.dtype)
        if self.circuit is not None and self.circuit.embedding == "amplitude":
            _require_amplitudes(rows)
        return rows


def _require_amplitudes(rows: np.ndarray) -> None:
    empty = ~rows.any(axis=1)
    if empty.any():
        raise QmuError(
            f"features.scale: row {int(np.argmax(empty))} of the pool becomes the zero vector, "
            "which has no amplitude embedding; try features.scale: standard"
        )


def reads_of(module: ModuleType, config: Any) -> str:
    """What of the pool a model reads: "features", "image" or "states"."""
    return getattr(config, "reads", module.CARD.inputs)


def circuit_of(module: ModuleType, config: Any, classes: int) -> Circuit | None:
    """The circuit of a model kind; None for a classical one."""
    return module.circuit(config, classes) if hasattr(module, "circuit") else None


def traits(module: ModuleType, config: Any, width: int, classes: int) -> frozenset[str]:
    """What a model has that others lack, for methods that need it.

    ``head``, ``layers`` and ``classical``: parameters in its head, before it, and outside of its
    ``circuit``; ``biases``: one of every class; ``last_layer``, ``dense_head``: the head ends in a
    dense layer, or is one; ``fixed_features``: it is one, of what nothing trains; ``kernel``: a
    closed form; ``real_inputs``: no complex amplitudes.
    """
    drawn = module.initial_parameters(config, width, classes, np.random.default_rng(0))
    names = frozenset(drawn)
    head = {name for name in names if name.startswith("head/")}
    has = {
        "head": bool(head),
        "layers": bool(names - head),
        "classical": bool(names - {"circuit"}),
        "circuit": circuit_of(module, config, classes) is not None,
        "biases": BIAS in head,
        "last_layer": {WEIGHT, BIAS} <= head,
        "dense_head": head == {WEIGHT, BIAS},
        "fixed_features": {name for name in drawn if drawn[name].size} == {WEIGHT, BIAS},
        "kernel": hasattr(module, "fit"),
        "real_inputs": reads_of(module, config) != "states",
    }
    return frozenset(name for name, there in has.items() if there)


def build(
    component: str,
    settings: dict[str, Any],
    classes: int,
    device: str,
    precision: str,
    width: int = 0,
    circuit: bool = True,
) -> Model:
    """The model ``component`` with validated settings on a device, in "single" or "double".

    ``circuit=False`` starts no device: only the head can be used.
    """
    jax.config.update("jax_enable_x64", precision == "double")
    module = registry.load("models", component)
    config = module.Config(**settings)
    drawn = circuit_of(module, config, classes)
    expectation = None
    if drawn is not None:
        expectation = _expectation(drawn, device, precision) if circuit else _no_circuit
    dtype = jnp.float64 if precision == "double" else jnp.float32
    return Model(module, config, classes, drawn, expectation, dtype, width)


def _expectation(circuit: Circuit, device: str, precision: str) -> Callable[..., Array]:
    from qmu.simulators.choose import expectation_function

    return expectation_function(circuit, device=device, precision=precision)


def _no_circuit(angles: Array, states: Array) -> Array:
    raise RuntimeError("this model was built without its circuit")
