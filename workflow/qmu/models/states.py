"""Pure states of a model's circuit, image by image.

The states are those of the exact simulation, just before the measurement: whatever device a
model's outputs come from, these tell how far two circuits are apart (`metrics.distances`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from qmu.lazy import jax

from .chunks import chunk_size, in_chunks
from .model import Model, Parameters


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
def embedding(model: Model) -> Callable[[Parameters, Any], Any]:
    """``f(parameters, inputs (n, d)) -> (n, input size)``: what stands before the circuit."""
    return jax.jit(lambda p, x: model.module.embed(model.config, p, x))


def final_states(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """Unit vectors (n, 2**wires) complex128, up to a global phase; wire 0 is the most significant
    bit. Raises ValueError for a gate that no engine knows."""
    program, size = _program(model), chunk_size(model.wires)
    states = in_chunks(lambda rows: program(parameters, rows), inputs, size).astype(np.complex128)
    return states / np.linalg.norm(states, axis=-1, keepdims=True)


def embedded(model: Model, parameters: Parameters, inputs: np.ndarray) -> np.ndarray:
    """What enters the circuit, (n, input size) in double precision: the classical front end's
    features, or complex amplitudes."""
    program, size = embedding(model), chunk_size(model.wires)
    found = in_chunks(lambda rows: program(parameters, rows), inputs, size)
    return found.astype(np.result_type(found.dtype, np.float64))


def expectations(states: np.ndarray, measured: tuple[int, ...]) -> np.ndarray:
    """<Z> of the measured wires, (n, wires), of states (n, 2**w)."""
    wires = states.shape[-1].bit_length() - 1
    shifts = wires - 1 - np.array(measured)
    signs = 1 - 2 * ((np.arange(states.shape[-1])[:, None] >> shifts) & 1)
    return np.abs(states) ** 2 @ signs.astype(np.float64)
