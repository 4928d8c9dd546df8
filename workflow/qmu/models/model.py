"""A quantum model: embedding, circuit, head, as pure functions of parameters and inputs.

Parameters are a dict of arrays by name; ``parameters["circuit"]`` holds the angles. The circuit
runs on whatever device was asked for; nothing that uses a `Model` knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qmu import losses, registry
from qmu.lazy import jax, jnp

if TYPE_CHECKING:
    from jax import Array

Parameters = dict[str, Any]


@dataclass(frozen=True)
class ModelCard:
    """A quantum model: its title, source, the pool column that it reads, and whether parameters
    of its own stand before the circuit."""

    title: str
    source: str
    inputs: Literal["features", "image"]
    trains_embedding: bool = False


@dataclass(frozen=True)
class Model:
    """One model kind on one device.

    ``expectation`` maps (angles (P,), embedded inputs (n, d)) to <Z> (n, wires).
    """

    module: ModuleType
    config: Any
    classes: int
    expectation: Callable[[Array, Array], Array]
    dtype: Any

    @property
    def engine(self) -> Any:
        """The host device's engine (NumPy in and out), None where the circuit runs inside JAX."""
        return getattr(self.expectation, "engine", None)

    @property
    def circuit_parameters(self) -> int:
        """Number of circuit angles, P_q."""
        return self.module.circuit(self.config).parameters

    def initial_parameters(self, rng: np.random.Generator) -> Parameters:
        """Fresh parameters from the model's own initialiser, in the model's precision."""
        return self.convert(self.module.initial_parameters(self.config, self.classes, rng))

    def expectation_values(self, parameters: Parameters, inputs: Array) -> Array:
        """<Z> of every measured wire, (n, wires)."""
        states = self.module.embed(self.config, parameters, inputs)
        return self.expectation(parameters["circuit"].reshape(-1), states)

    def logits(self, parameters: Parameters, inputs: Array) -> Array:
        """Class scores before the softmax, (n, classes)."""
        return self.module.head(parameters, self.expectation_values(parameters, inputs))

    def losses(self, parameters: Parameters, inputs: Array, labels: Array) -> Array:
        """The training loss of every sample, (n,)."""
        loss = losses.LOSSES[self.config.training.loss]
        return loss(self.logits(parameters, inputs), labels, jnp)

    def mean_loss(self, parameters: Parameters, inputs: Array, labels: Array) -> Array:
        """The mean training loss, a scalar."""
        return jnp.mean(self.losses(parameters, inputs, labels))

    def convert(self, parameters: dict[str, np.ndarray]) -> Parameters:
        """Stored parameters as device arrays in the model's precision."""
        return {name: jnp.asarray(value, self.dtype) for name, value in parameters.items()}

    def inputs(self, pool: dict[str, np.ndarray]) -> np.ndarray:
        """The pool's column that this model reads, (n, d), scaled as the model wants it."""
        if self.module.CARD.inputs == "image":
            return ((pool["image"] / 255.0 - 0.5) / 0.5).astype(self.dtype)
        return pool["features"].astype(self.dtype)


def build(
    component: str,
    settings: dict[str, Any],
    classes: int,
    device: str,
    precision: str,
    circuit: bool = True,
) -> Model:
    """The model ``component`` with validated settings on a device, in "single" or "double".

    ``circuit=False`` starts no device: only the head can be used.
    """
    jax.config.update("jax_enable_x64", precision == "double")
    module = registry.load("models", component)
    config = module.Config(**settings)
    expectation = _no_circuit
    if circuit:
        from qmu.simulators.choose import expectation_function

        expectation = expectation_function(
            module.circuit(config), device=device, precision=precision
        )
    dtype = jnp.float64 if precision == "double" else jnp.float32
    return Model(module, config, classes, expectation, dtype)


def _no_circuit(angles: Array, states: Array) -> Array:
    raise RuntimeError("this model was built without its circuit")
