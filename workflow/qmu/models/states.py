"""Pure states of a model's circuit and the distances between them, image by image.

The states are those of the exact simulation, just before the measurement: whatever device a
model's outputs come from, these tell how far two circuits are apart. Distances follow Fuchs and van
de Graaf 1999 and Helstrom 1976. All of them are taken from the chord ``|a - e^(i phi) b|`` after
the best global phase, since 1 - F loses its digits where two states are nearly equal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from qmu.lazy import jax

from .model import Model, Parameters
from .outputs import chunk_size


@lru_cache(maxsize=8)
def _program(model: Model) -> Callable[[Parameters, Any], Any]:
    from qmu.simulators.statevector.engine import states_function

    precision = "double" if np.dtype(model.dtype) == np.float64 else "single"
    evolve = states_function(model.circuit, precision)

    def states(parameters: Parameters, inputs: Any) -> Any:
        embedded = model.module.embed(model.config, parameters, inputs)
        return evolve(parameters["circuit"].reshape(-1), embedded)

    return jax.jit(states)


@lru_cache(maxsize=8)
def _embedding(model: Model) -> Callable[[Parameters, Any], Any]:
    return jax.jit(lambda p, x: model.module.embed(model.config, p, x))


def final_states(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """Unit vectors (n, 2**wires) complex128, up to a global phase; wire 0 is the most significant
    bit. Raises ValueError for a gate that no engine knows."""
    found = _in_chunks(_program(model), model, parameters, inputs).astype(np.complex128)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def embedded(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """What enters the circuit, (n, input size) float64: the classical front end's features."""
    return _in_chunks(_embedding(model), model, parameters, inputs).astype(np.float64)


def _in_chunks(
    program: Callable[[Parameters, Any], Any],
    model: Model,
    parameters: Parameters,
    inputs: np.ndarray,
) -> np.ndarray:
    """The program's rows, called with one shape however many inputs there are."""
    size = chunk_size(model.wires)
    parts = []
    for start in range(0, len(inputs), size):
        chunk = inputs[start : start + size]
        padded = np.concatenate([chunk, np.repeat(chunk[:1], size - len(chunk), axis=0)])
        parts.append(np.asarray(program(parameters, padded))[: len(chunk)])
    return np.concatenate(parts)


def expectations(states: np.ndarray, measured: tuple[int, ...]) -> np.ndarray:
    """<Z> of the measured wires, (n, wires), of states (n, 2**w)."""
    wires = states.shape[-1].bit_length() - 1
    shifts = wires - 1 - np.array(measured)
    signs = 1 - 2 * ((np.arange(states.shape[-1])[:, None] >> shifts) & 1)
    return np.abs(states) ** 2 @ signs.astype(np.float64)


def distances(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """``fidelity``, ``trace_distance``, ``helstrom``, ``bures`` of unit vectors (n, d), each (n,).

    F = |<a|b>|^2 in [0, 1]; D = sqrt(1 - F); (1 + D) / 2 is the best chance of telling the two
    apart in one measurement; Bures' distance is sqrt(2 - 2 sqrt F).
    """
    overlap = np.sum(second.conj() * first, axis=-1)
    size = np.abs(overlap)
    # Orthogonal states have no best phase: any serves.
    phase = np.where(size > 0, overlap / np.where(size > 0, size, 1.0), 1.0)
    chord = np.minimum(np.linalg.norm(first - phase[:, None] * second, axis=-1), np.sqrt(2.0))
    trace = np.minimum(chord * np.sqrt(1 - chord**2 / 4), 1.0)
    return {
        "fidelity": (1 - chord**2 / 2) ** 2,
        "trace_distance": trace,
        "helstrom": (1 + trace) / 2,
        "bures": chord,
    }
