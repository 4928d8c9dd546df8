"""A model's outputs on many inputs, as NumPy arrays, in chunks of one fixed size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qmu import losses

from .gradients import head_outputs, outputs
from .model import Model, Parameters

# Samples of one evaluation call at 8 qubits, and the amplitudes that bound it for larger circuits.
CHUNK = 512
CHUNK_AMPLITUDES = 2**22


def chunk_size(wires: int) -> int:
    """Samples that `evaluate` embeds at once for a circuit of ``wires`` qubits."""
    return max(1, min(CHUNK, CHUNK_AMPLITUDES >> wires))


def evaluate(model: Model, parameters: Parameters, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """``expectation_values``, ``embedding_fidelity``, ``logits``, ``probabilities`` of all inputs,
    float64 arrays.

    Inputs go through in chunks of one fixed size, so that a sample's numbers do not depend on how
    many others are evaluated beside it.
    """
    forward, size = outputs(model), chunk_size(model.wires)
    columns: list[tuple[np.ndarray, ...]] = []
    for chunk, padded in _chunks(inputs, size):
        values, logits = forward(parameters, padded)
        columns.append(tuple(np.asarray(v, np.float64)[: len(chunk)] for v in (values, logits)))
    values, logits = (np.concatenate(part) for part in zip(*columns, strict=True))
    return _columns(values, logits)


def evaluate_head(model: Model, parameters: Parameters, values: np.ndarray) -> dict[str, Any]:
    """What `evaluate` gives for a model whose <Z> (n, wires) are known already."""
    head = head_outputs(model)
    size = chunk_size(model.wires)
    logits = [
        np.asarray(head(parameters, padded), np.float64)[: len(chunk)]
        for chunk, padded in _chunks(np.asarray(values, model.dtype), size)
    ]
    return _columns(values, np.concatenate(logits))


def _chunks(rows: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Consecutive chunks, as they are and filled up to ``size`` with copies of their first row."""
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size]
        yield chunk, np.concatenate([chunk, np.repeat(chunk[:1], size - len(chunk), axis=0)])


def _columns(values: np.ndarray, logits: np.ndarray) -> dict[str, np.ndarray]:
    probabilities = np.exp(losses.log_probabilities(logits, np))
    return {
        "expectation_values": values,
        # Of simulated circuits; a device that embeds images approximately knows its own.
        "embedding_fidelity": np.ones(len(values)),
        "logits": logits,
        "probabilities": probabilities,
    }
