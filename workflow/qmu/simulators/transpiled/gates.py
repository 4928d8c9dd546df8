"""Noisy gates of a backend as real matrices on Pauli components, from Aer's noise model.

A density matrix is written by its Pauli components ``r[P] = Tr(P rho)``; every gate and channel is
then one real matrix: 4 by 4 on one qubit, 16 by 16 on two.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class NoisyGates:
    """Matrices of a backend's gates, each made once. ``noise`` is an Aer ``NoiseModel`` or None."""

    def __init__(self, noise: Any) -> None:
        self.noise = noise
        self._made: dict[tuple[Any, ...], np.ndarray] = {}
        self._channels: dict[tuple[Any, ...], np.ndarray | None] = {}

    def matrix(self, operation: Any, qubits: tuple[int, ...]) -> np.ndarray:
        """Gate and noise of an operation without parameters; its first qubit varies fastest."""
        key = (operation.name, tuple(float(value) for value in operation.params), qubits)
        if key not in self._made:
            from qiskit.quantum_info import PTM, Operator

            ideal = np.real(PTM(Operator(operation)).data)
            noise = self.channel(operation.name, qubits)
            self._made[key] = ideal if noise is None else noise @ ideal
        return self._made[key]

    def channel(self, name: str, qubits: tuple[int, ...]) -> np.ndarray | None:
        """The noise that follows a gate, None where there is none."""
        if (name, qubits) not in self._channels:
            self._channels[name, qubits] = self._channel(name, qubits)
        return self._channels[name, qubits]

    def _channel(self, name: str, qubits: tuple[int, ...]) -> np.ndarray | None:
        if self.noise is None:
            return None
        # The model has no public way to read single entries.
        error = self.noise._local_quantum_errors.get(name, {}).get(qubits)
        if error is None:
            error = self.noise._default_quantum_errors.get(name)
        if error is None:
            return None
        from qiskit.quantum_info import PTM, SuperOp

        return np.real(PTM(SuperOp(error)).data)

    def readout(self, qubit: int) -> np.ndarray:
        """Chances (2, 2): row the true bit, column the bit that is read."""
        error = None
        if self.noise is not None:
            error = self.noise._local_readout_errors.get((qubit,))
            error = error or self.noise._default_readout_error
        return np.eye(2) if error is None else np.array(error.probabilities)


def rotations_z(angles: np.ndarray) -> np.ndarray:
    """Matrices (n, 4, 4) of RZ by angles (n,) in radians."""
    result = np.zeros((len(angles), 4, 4))
    result[:, 0, 0] = result[:, 3, 3] = 1.0
    result[:, 1, 1] = result[:, 2, 2] = np.cos(angles)
    result[:, 2, 1] = np.sin(angles)
    result[:, 1, 2] = -result[:, 2, 1]
    return result


def kron(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Kronecker product of (..., 4, 4) with (..., 4, 4), broadcast over the leading axes."""
    product = np.einsum("...ij,...kl->...ikjl", first, second)
    return product.reshape(*product.shape[:-4], 16, 16)
