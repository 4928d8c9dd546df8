"""Density matrices of many samples as Pauli components over the qubits that hold something.

A state of m carried qubits is ``rho = 2**-m sum c_P P`` over the strings P of I, X, Y, Z; a channel
is a real matrix on the components of its qubits, and tracing a qubit out keeps those with I on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qmu.errors import QmuError

MAX_QUBITS = 10
"""Qubits that are carried at a time: each one more takes four times as long."""


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
            product = matrix[:, None] @ self.values.reshape(samples, -1, size, behind)
        else:
            product = self.values.reshape(samples, -1, size) @ matrix.transpose(0, 2, 1)
        self.values = product.reshape(samples, -1)

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
