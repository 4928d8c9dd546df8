"""Exact noisy output distributions of one transpiled circuit for many samples.

Density matrices as Pauli components, carried through the backend's noise gate by gate and for a
block of samples at once. Only qubits that hold something are carried: one that was not touched yet
is |0>, and one that the noiseless circuit leaves in |0> (a routing qubit) is taken as a fresh |0>
when it is next used. What that neglects is reported, and ``exact=True`` carries everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qmu import seeds
from qmu.errors import QmuError

from .gates import NoisyGates
from .steps import Step, mark_done, mark_empty, plan

MAX_QUBITS = 10
"""Qubits that are carried at a time: each one more takes four times as long."""
BLOCK_BYTES = 2**19
"""Size of a block of samples at its widest: more leaves the cache."""
TOGETHER = 64
"""Samples whose matrices are made at once."""


class Components:
    """Pauli components (n, 4, ..., 4) of ``n`` states over the qubits that are carried."""

    def __init__(self, samples: int) -> None:
        self.qubits: list[int] = []
        self.values = np.ones((samples, 1))

    def apply(self, pair: Sequence[int], matrix: np.ndarray) -> None:
        """Apply matrices (n or 1, 16, 16) to a pair, or (n or 1, 4, 4) to one qubit.

        The second qubit of a pair is the slower index of its matrix. Qubits that are met first
        come in as |0>.
        """
        for qubit in pair:
            if qubit not in self.qubits:
                self._add(qubit)
        places = [self.qubits.index(qubit) for qubit in pair]
        if max(places) - min(places) >= len(pair):
            self._bring_last(pair[::-1])
        elif places != sorted(places, reverse=True):
            matrix = matrix.reshape(-1, 4, 4, 4, 4).transpose(0, 2, 1, 4, 3).reshape(-1, 16, 16)
        samples, size = len(self.values), 4 ** len(pair)
        behind = 4 ** (len(self.qubits) - 1 - max(self.qubits.index(qubit) for qubit in pair))
        if behind > 1:
            found = matrix[:, None] @ self.values.reshape(samples, -1, size, behind)
        else:
            found = self.values.reshape(samples, -1, size) @ matrix.transpose(0, 2, 1)
        self.values = found.reshape(samples, -1)

    def chance_of_one(self, qubit: int) -> np.ndarray:
        """Probability (n,) of |1> on a carried qubit."""
        return (1 - self._axis(qubit)[:, 0, 3, 0]) / 2

    def drop(self, qubits: Sequence[int]) -> None:
        """Trace carried qubits out."""
        for qubit in qubits:
            self.values = self._axis(qubit)[:, :, 0].reshape(len(self.values), -1)
            self.qubits.remove(qubit)

    def distribution(self, qubits: Sequence[int], readout: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities (n, 2**M) of the bits read from ``qubits``, the first the slowest bit."""
        for qubit in qubits:
            if qubit not in self.qubits:
                self._add(qubit)
        self.drop([qubit for qubit in self.qubits if qubit not in qubits])
        self._bring_last(qubits)
        tensor = self.values.reshape(-1, *(4,) * len(qubits))
        for axis, chances in enumerate(readout, start=1):
            # Components I and Z to the chances of 0 and 1, then to those of what is read.
            matrix = chances.T @ np.array([[1.0, 0, 0, 1], [1, 0, 0, -1]]) / 2
            tensor = np.moveaxis(np.tensordot(tensor, matrix, (axis, 1)), -1, axis)
        return tensor.reshape(len(self.values), -1).clip(0)

    def _add(self, qubit: int) -> None:
        if len(self.qubits) == MAX_QUBITS:
            raise QmuError(
                f"hardware: the transpiled circuit spreads over more than {MAX_QUBITS} qubits, too "
                "many to simulate its noise; set compact: true"
            )
        fresh = np.array([1.0, 0.0, 0.0, 1.0])
        self.values = (self.values[:, :, None] * fresh).reshape(len(self.values), -1)
        self.qubits.append(qubit)

    def _axis(self, qubit: int) -> np.ndarray:
        """The components (n, before, 4, behind) with one qubit's in the third place."""
        before = 4 ** self.qubits.index(qubit)
        return self.values.reshape(len(self.values), before, 4, -1)

    def _bring_last(self, qubits: Sequence[int]) -> None:
        order = [qubit for qubit in self.qubits if qubit not in qubits] + list(qubits)
        if order == self.qubits:
            return
        tensor = self.values.reshape(-1, *(4,) * len(self.qubits))
        axes = [1 + self.qubits.index(qubit) for qubit in order]
        self.values = tensor.transpose(0, *axes).reshape(len(self.values), -1)
        self.qubits = order


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
    Raises QmuError where more than ``MAX_QUBITS`` would be carried at a time.
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
    found = np.concatenate(parts)
    return found / found.sum(axis=1, keepdims=True), neglected


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
