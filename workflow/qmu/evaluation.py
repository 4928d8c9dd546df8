"""A model's outputs on many inputs, as NumPy arrays, in chunks of one fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import losses
from .gradients import outputs
from .lazy import jnp
from .model import Model, Parameters

if TYPE_CHECKING:
    from jax import Array

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
