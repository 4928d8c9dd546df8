"""Gates in the Pauli basis: real transfer matrices that carry observables backwards.

A one-qubit operator is four real coefficients in the order I, X, Y, Z, an operator on k wires
``4**k`` of them, the first wire the most significant digit. Conjugation by a gate is then a real
orthogonal matrix; for a Clifford gate it is a signed permutation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from qmu.circuits.circuit import Operation
from qmu.circuits.gates import rotations

PAULIS = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1.0 + 0j, -1.0]),
}
ROUNDING = 1e-15
_AXES = {"RX": "X", "RY": "Y", "RZ": "Z", "IsingXX": "XX", "IsingYY": "YY", "IsingZZ": "ZZ"}
_FIXED = {
    **{f"Pauli{axis}": PAULIS[axis] for axis in "XYZ"},
    "Hadamard": (PAULIS["X"] + PAULIS["Z"]) / np.sqrt(2),
    "SWAP": np.eye(4, dtype=complex)[[0, 2, 1, 3]],
}
_CONTROLLED = {
    **{"CNOT": "PauliX", "CY": "PauliY", "CZ": "PauliZ", "CRX": "RX", "CRY": "RY", "CRZ": "RZ"},
    "ControlledPhaseShift": "PhaseShift",
}


def unitary(name: str, angles: Sequence[float]) -> np.ndarray:
    """The matrix of a gate, (2, 2) or (4, 4) complex128; ``U3`` up to its global phase."""
    if name in _FIXED:
        return _FIXED[name]
    if name in _CONTROLLED:
        block = np.eye(4, dtype=complex)
        block[2:, 2:] = unitary(_CONTROLLED[name], angles)
        return block
    if name == "U3":
        (gate,) = rotations([Operation("U3", (0,), tuple(angles))])
        return unitary(gate.name, gate.angles)
    if name == "Rot":
        first, middle, last = angles
        return unitary("RZ", (last,)) @ unitary("RY", (middle,)) @ unitary("RZ", (first,))
    (angle,) = angles
    if name == "PhaseShift":
        return np.diag([1, np.exp(1j * angle)])
    generator = _string(_AXES[name])
    return np.cos(angle / 2) * np.eye(len(generator)) - 1j * np.sin(angle / 2) * generator


def heisenberg(name: str, angles: Sequence[float]) -> np.ndarray:
    """The real matrix that maps the coefficients of O to those of ``U^dagger O U``.

    Shape (4, 4) or (16, 16) float64.
    """
    matrix = unitary(name, angles)
    basis = _basis(len(matrix))
    moved = matrix.conj().T @ basis @ matrix
    found = np.einsum("pij,qji->pq", basis, moved).real / len(matrix)
    # Products of rounding errors would become subnormal numbers, which are very slow.
    return np.where(np.abs(found) < ROUNDING, 0.0, found)


def signed_permutation(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """``(source, sign)`` with ``matrix @ c == sign * c[source]``, or None if it is none."""
    source = np.argmax(np.abs(matrix), axis=1)
    sign = np.round(matrix[np.arange(len(matrix)), source])
    exact = np.zeros_like(matrix)
    exact[np.arange(len(matrix)), source] = sign
    return (source, sign) if np.allclose(matrix, exact, rtol=0, atol=1e-12) else None


@cache
def _basis(size: int) -> np.ndarray:
    """All Pauli strings on ``log2(size)`` wires, (size**2, size, size)."""
    letters = [*PAULIS]
    names = letters if size == 2 else [first + second for first in letters for second in letters]
    return np.stack([_string(name) for name in names])


def _string(letters: str) -> np.ndarray:
    product = np.eye(1, dtype=complex)
    for letter in letters:
        product = np.kron(product, PAULIS[letter])
    return product
