"""Ground states of small spin chains: sparse Hamiltonians, SciPy's Lanczos, a sign that is fixed.

An operator is a sum of real products of X and Z. Bit ``n - 1 - i`` of a basis state's number is
qubit i: qubit 0 is the most significant, as in PennyLane.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from qmu.errors import QmuError
from qmu.strict import Strict

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# (coefficient, qubits with an X, qubits with a Z); on a qubit with both, X Z = -i Y.
Term = tuple[float, tuple[int, ...], tuple[int, ...]]


# Half a gigabyte of complex numbers.
MOST_AMPLITUDES = 2**25


class Chain(Strict):
    """``qubits`` (even), ``rows`` over both phases, and the ``margin`` around the boundary that is
    left out."""

    qubits: int = Field(ge=4, le=16, multiple_of=2)
    rows: int = Field(default=400, ge=20, le=10_000)
    margin: float = Field(ge=0.001, le=0.5)

    @model_validator(mode="after")
    def _fits_memory(self) -> Self:
        if self.rows * 2**self.qubits > MOST_AMPLITUDES:
            most = MOST_AMPLITUDES // 2**self.qubits
            raise ValueError(f"rows: at most {most} states of {self.qubits} qubits fit in memory")
        return self


def hamiltonian(qubits: int, terms: Iterable[Term]) -> csr_array:
    """The sum of the terms as a sparse (2**qubits, 2**qubits) float64 matrix."""
    from scipy.sparse import coo_array

    states = np.arange(2**qubits)
    rows, values = [], []
    for coefficient, flips, signs in terms:
        odd = np.bitwise_count(states & _mask(qubits, signs)) & 1
        rows.append(states ^ _mask(qubits, flips))
        values.append(coefficient * (1.0 - 2.0 * odd))
    columns = np.tile(states, len(rows))
    entries = (np.concatenate(values), (np.concatenate(rows), columns))
    return coo_array(entries, shape=(2**qubits, 2**qubits)).tocsr()


def ground_state(matrix: csr_array, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Lowest energy and its unit state (2**qubits,) float64, by Lanczos from ``start``.

    A start that shares the ground state's symmetries keeps a nearly degenerate partner of another
    symmetry out. The sign makes the overlap with the start positive. Raises QmuError where Lanczos
    does not converge.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    try:
        energies, states = eigsh(matrix, k=1, which="SA", v0=start, tol=0.0)
    except ArpackNoConvergence as error:
        raise QmuError(f"dataset: a ground state was not found ({error})") from None
    state = states[:, 0]
    return float(energies[0]), state * (1.0 if state @ start >= 0 else -1.0)


def _mask(qubits: int, chosen: tuple[int, ...]) -> int:
    return sum(1 << (qubits - 1 - qubit) for qubit in chosen)


def around(boundary: float, low: float, high: float, margin: float, rows: int) -> np.ndarray:
    """``rows`` ascending values of a control parameter, half of them on either side of a phase
    boundary, equally spaced between ``low`` and ``high`` but for a margin around the boundary."""
    below = np.linspace(low, boundary - margin, rows // 2)
    return np.concatenate([below, np.linspace(boundary + margin, high, rows - rows // 2)])
