"""A model's outputs on many inputs, as NumPy arrays, in chunks of one fixed size."""

from __future__ import annotations

from typing import Any

import numpy as np

from qmu import losses

from .chunks import chunk_size, chunks, in_chunks
from .gradients import head_outputs, outputs
from .model import Model, Parameters


def evaluate(model: Model, parameters: Parameters, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """``expectation_values``, ``embedding_fidelity``, ``logits``, ``probabilities`` of all inputs,
    float64 arrays.

    Inputs go through in chunks of one fixed size, so that a sample's numbers do not depend on how
    many others are evaluated beside it.
    """
    forward, size = outputs(model), chunk_size(model.wires)
    columns: list[tuple[np.ndarray, ...]] = []
    for chunk, padded in chunks(inputs, size):
        values, logits = forward(parameters, padded)
        columns.append(tuple(np.asarray(v, np.float64)[: len(chunk)] for v in (values, logits)))
    values, logits = (np.concatenate(part) for part in zip(*columns, strict=True))
    return _columns(values, logits)


def evaluate_head(model: Model, parameters: Parameters, values: np.ndarray) -> dict[str, Any]:
    """What `evaluate` gives for a model whose <Z> (n, wires) are known already."""
    head, size = head_outputs(model), chunk_size(model.wires)
    rows = np.asarray(values, model.dtype)
    logits = in_chunks(lambda padded: head(parameters, padded), rows, size)
    return _columns(values, logits.astype(np.float64))


def _columns(values: np.ndarray, logits: np.ndarray) -> dict[str, np.ndarray]:
    probabilities = np.exp(losses.log_probabilities(logits, np))
    return {
        "expectation_values": values,
        # Of simulated circuits; a device that embeds images approximately knows its own.
        "embedding_fidelity": np.ones(len(values)),
        "logits": logits,
        "probabilities": probabilities,
    }
