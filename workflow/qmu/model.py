"""A quantum model: embedding, circuit, head, as pure functions of parameters and inputs.

Parameters are a dict of arrays by name; ``parameters["circuit"]`` holds the angles. The circuit
runs on whatever device was asked for; nothing that uses a `Model` knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import losses, registry
from .lazy import jax, jnp

if TYPE_CHECKING:
    from jax import Array

Parameters = dict[str, Any]


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

    def initial_parameters(self, key: Array) -> Parameters:
        """Fresh parameters from the model's own initialiser, in the model's precision."""
        drawn = self.module.initial_parameters(self.config, self.classes, key)
        return {name: value.astype(self.dtype) for name, value in drawn.items()}

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

    def inputs(self, pool: dict[str, np.ndarray]) -> Array:
        """The pool's column that this model reads, (n, d), scaled as the model wants it."""
        if self.module.CARD.inputs == "image":
            return jnp.asarray((pool["image"] / 255.0 - 0.5) / 0.5, self.dtype)
        return jnp.asarray(pool["features"], self.dtype)


def build(
    component: str, settings: dict[str, Any], classes: int, device: str, precision: str
) -> Model:
    """The model ``component`` with validated settings on a device, in "single" or "double"."""
    from .devices import expectation_function

    jax.config.update("jax_enable_x64", precision == "double")
    module = registry.load("models", component)
    config = module.Config(**settings)
    expectation = expectation_function(module.circuit(config), device=device, precision=precision)
    dtype = jnp.float64 if precision == "double" else jnp.float32
    return Model(module, config, classes, expectation, dtype)


# Samples of one evaluation call at 8 qubits, and the amplitudes that bound it for larger circuits.
CHUNK = 512
CHUNK_AMPLITUDES = 2**22


def chunk_size(wires: int) -> int:
    """Samples that `evaluate` embeds at once for a circuit of ``wires`` qubits."""
    return max(1, min(CHUNK, CHUNK_AMPLITUDES >> wires))


def evaluate(model: Model, parameters: Parameters, inputs: Array) -> dict[str, np.ndarray]:
    """``expectation_values``, ``logits``, ``probabilities`` of all inputs as float64 arrays.

    Inputs go through in chunks of one fixed size, so that a sample's numbers do not depend on how
    many others are evaluated beside it.
    """
    from .gradients import outputs

    forward, size = outputs(model), chunk_size(model.module.circuit(model.config).wires)
    columns: list[tuple[np.ndarray, ...]] = []
    for start in range(0, len(inputs), size):
        chunk = inputs[start : start + size]
        missing = size - len(chunk)
        padded = jnp.concatenate([chunk, jnp.repeat(chunk[:1], missing, axis=0)])
        values, logits = forward(parameters, padded)
        found = (values, logits, jnp.exp(losses.log_probabilities(logits, jnp)))
        columns.append(tuple(np.asarray(v, np.float64)[: len(chunk)] for v in found))
    names = ("expectation_values", "logits", "probabilities")
    parts = zip(*columns, strict=True)
    return {name: np.concatenate(part) for name, part in zip(names, parts, strict=True)}
