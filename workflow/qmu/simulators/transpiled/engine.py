"""Exact noisy output distributions of one transpiled circuit for many samples.

Density matrices as Pauli components (`components`), carried through the backend's noise step by
step (`steps`) and for a block of samples at once. Only qubits that hold something are carried: one
that was not touched yet is |0>, and one that the noiseless circuit leaves in |0> (a routing qubit)
is taken as a fresh |0> when it is next used. What that neglects is reported, and ``exact=True``
carries everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qmu import seeds

from .components import Components
from .gates import NoisyGates
from .steps import Step, mark_done, mark_empty, plan

BLOCK_BYTES = 2**19
"""Size of a block of samples at its widest: more leaves the cache."""
TOGETHER = 64
"""Samples whose matrices are made at once."""


def distributions(
    isa: Any,
    values: np.ndarray,
    qubits: Sequence[int],
    gates: NoisyGates,
    *,
    exact: bool = False,
) -> tuple[np.ndarray, float]:
    """Probabilities (n, 2**M) of the bits of physical ``qubits``, the first the slowest bit.

    ``values`` (n, A) in the order of ``isa.parameters``, ``gates`` with their noise. The
    second result is the largest chance of |1> on any routing qubit when it was let go (0 if
    ``exact``); the error in the probabilities is far smaller, because what is let go was handed on.
    Raises QmuError where more than `components.MAX_QUBITS` would be carried at a time.
    """
    steps = plan(isa, gates)
    mark_done(steps, qubits)
    if not exact:
        generic = seeds.generator("hardware", "generic").uniform(0.5, 2.5, (1, values.shape[1]))
        last = {qubit: number for number, step in enumerate(steps) for qubit in step.pair}
        mark_empty(steps, plan(isa, NoisyGates(None)), generic, last)
    readout = [gates.readout(qubit) for qubit in qubits]
    block = max(1, BLOCK_BYTES // (8 * 4 ** _widest(steps)))
    parts, neglected = [], 0.0
    for part in _slices(len(values), max(block, TOGETHER)):
        matrices = [step.matrix(values[part]) for step in steps]
        for few in _slices(len(values[part]), block):
            state = Components(len(values[part][few]))
            for step, matrix in zip(steps, matrices, strict=True):
                state.apply(step.pair, matrix if len(matrix) == 1 else matrix[few])
                for qubit in step.empty:
                    neglected = max(neglected, float(np.max(state.chance_of_one(qubit))))
                state.drop(step.empty + step.done)
            parts.append(state.distribution(qubits, readout))
    probabilities = np.concatenate(parts)
    return probabilities / probabilities.sum(axis=1, keepdims=True), neglected


def _slices(count: int, size: int) -> list[slice]:
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def _widest(steps: Sequence[Step]) -> int:
    carried: set[int] = set()
    widest = 1
    for step in steps:
        carried |= set(step.pair)
        widest = max(widest, len(carried))
        carried -= {*step.empty, *step.done}
    return widest
