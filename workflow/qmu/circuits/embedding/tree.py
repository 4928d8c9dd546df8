"""Exact amplitude embedding: a tree of uniformly controlled RY rotations as one circuit.

Every real unit vector is prepared by the same gates, only the angles differ, so that one broadcast
job serves all samples. A rotation controlled by k qubits is 2**k plain rotations between CZ gates
in Gray-code order (Moettonen, Vartiainen, Bergholm and Salomaa 2004, arXiv:quant-ph/0407010).
The last CZ of each level commutes with all that follows, so it is left out and its signs are put
into the amplitudes beforehand: ``2**wires - wires - 1`` two-qubit gates instead of
``2**wires - 2``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qmu.errors import QmuError

NORM_TOLERANCE = 1e-4
"""How far a norm may be from 1 (single precision reaches 1e-6); vectors are normalised anyway."""


def real_states(states: np.ndarray) -> np.ndarray:
    """States (n, 2**wires) as float64 unit vectors.

    Raises QmuError, naming the first sample at fault, for complex amplitudes (even where only a
    common phase makes them so), non-finite numbers, other lengths and other norms.
    """
    given = np.asarray(states)
    size = given.shape[-1] if given.ndim == 2 else 0
    if size < 2 or size & (size - 1):
        raise QmuError(f"states have shape {given.shape}, not (samples, 2**wires)")
    if np.iscomplexobj(given):
        if np.any(given.imag != 0):
            row = int(np.flatnonzero(np.any(given.imag != 0, axis=1))[0])
            raise QmuError(
                f"states: sample {row} has complex amplitudes; the embedding circuits prepare "
                "real amplitudes only"
            )
        given = given.real
    given = given.astype(np.float64)
    norms = np.linalg.norm(given, axis=1)
    wrong = ~(np.abs(norms - 1) <= NORM_TOLERANCE)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise QmuError(f"states: sample {row} has norm {norms[row]:g}, not 1")
    return given / norms[:, None]


def angles(states: np.ndarray) -> np.ndarray:
    """The angles (n, 2**wires - 1) in radians of unit vectors (n, 2**wires), level by level.

    Wire 0 is the most significant bit. Raises QmuError as ``real_states`` does.
    """
    amplitudes = real_states(states)
    count, size = amplitudes.shape
    wires = size.bit_length() - 1
    amplitudes = amplitudes * _skipped_signs(wires)
    levels = []
    for _ in range(wires):
        pairs = amplitudes.reshape(count, -1, 2)
        # Only the last level sees signs: higher up both numbers are norms.
        levels.append(2 * np.arctan2(pairs[..., 1], pairs[..., 0]))
        amplitudes = np.hypot(pairs[..., 0], pairs[..., 1])
    return np.concatenate([_gray(level) for level in reversed(levels)], axis=1)


def circuit(wires: int) -> tuple[Any, Any]:
    """The parametrised qiskit circuit (qubit k is wire k) and its parameters in order of angles."""
    from qiskit.circuit import ParameterVector, QuantumCircuit

    vector = ParameterVector("tree", 2**wires - 1)
    drawn = QuantumCircuit(wires)
    first = 0
    for level in range(wires):
        for step in range(2**level):
            drawn.ry(vector[first + step], level)
            if step + 1 < 2**level:
                # Between Gray codes of steps i and i + 1 the bit number of trailing ones changes.
                flipped = ((step + 1) & -(step + 1)).bit_length() - 1
                drawn.cz(level - 1 - flipped, level)
        first += 2**level
    return drawn, list(vector)


def two_qubit_gates(wires: int) -> int:
    """CZ gates before routing."""
    return 2**wires - wires - 1


def _skipped_signs(wires: int) -> np.ndarray:
    """The product of the left-out CZ(0, level), as signs of the basis states (2**wires,)."""
    states = np.arange(2**wires)
    ones = np.array([bin(state & (2 ** (wires - 1) - 1)).count("1") for state in states])
    return np.where((states >> (wires - 1)) & 1, (-1.0) ** ones, 1.0)


def _gray(wanted: np.ndarray) -> np.ndarray:
    """Angles of the plain rotations (n, m) from those per control pattern (n, m), m = 2**k.

    Rotation i turns by + or - according to the parity of the pattern with Gray code i, so the
    transform is Walsh and Hadamard's in Gray order.
    """
    count, size = wanted.shape
    values, width = wanted.copy(), 1
    while width < size:
        split = values.reshape(count, -1, 2, width)
        total, difference = split[:, :, 0] + split[:, :, 1], split[:, :, 0] - split[:, :, 1]
        values = np.stack([total, difference], axis=2).reshape(count, size)
        width *= 2
    steps = np.arange(size)
    return values[:, steps ^ (steps >> 1)] / size
