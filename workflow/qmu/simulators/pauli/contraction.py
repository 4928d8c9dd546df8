"""Expectation values of many pure states from Pauli coefficients of observables.

``<x|O|x>`` is a sum over pairs of amplitudes (i, j). The strings ``X^a Z^z`` of one mask ``a``
share the pairs with ``i XOR j = a``, so a Walsh-Hadamard transform over z, done once per observable
and not per state, turns coefficients into matrix elements; all states are then one matrix product.
An element has a real part from strings with an even number of Y and an imaginary part from the
others: states with real amplitudes need only the first half.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

PAIRS = 1024
"""Pairs of amplitudes per matrix product."""
IMAGES = 512
"""States per matrix product; with ``PAIRS`` the products of amplitudes stay in the cache."""


class Contraction:
    """Contracts coefficients (4**wires, S) with states of ``wires`` qubits."""

    def __init__(self, wires: int) -> None:
        masks = np.arange(2**wires)
        bits = (masks[:, None] >> np.arange(wires)) & 1
        spread = bits @ 4 ** np.arange(wires)
        self.size = len(masks)
        # Digits 0 to 3 are I, X, Y, Z: the high bit says "has Z", the low one "X or Z, not both".
        self.strings = 2 * spread[None] + spread[masks[:, None] ^ masks]
        """(2**wires, 2**wires): the index of ``X^a Z^z`` among the Pauli strings."""
        self.overlap = bits @ bits.T
        """(2**wires, 2**wires): the number of ones that two masks share."""
        self._starts = np.concatenate([[0], np.cumsum(self.size - masks)])
        """Where row i of the packed upper triangle begins."""

    def add(self, coefficients: np.ndarray, states: np.ndarray, out: np.ndarray) -> None:
        """Add the expectation values to ``out`` (n, S).

        ``states`` (2**wires, n) has one column per state, in the precision of ``coefficients``.
        """
        complex_states = np.iscomplexobj(states)
        kinds = (False, True) if complex_states else (False,)
        packed = [self._packed(coefficients, imaginary) for imaginary in kinds]
        for columns in _slices(states.shape[1], IMAGES):
            block = states[:, columns]
            parts = [np.ascontiguousarray(block.real)]
            if complex_states:
                parts.append(np.ascontiguousarray(block.imag))
            for rows in self._row_groups():
                entries = slice(self._starts[rows.start], self._starts[rows.stop])
                for elements, imaginary in zip(packed, kinds, strict=True):
                    products = self._products(parts, rows, imaginary)
                    out[columns] += products.T @ elements[entries]

    def _packed(self, coefficients: np.ndarray, imaginary: bool) -> np.ndarray:
        """The weights of the products of amplitudes i <= j, row by row: (pairs, S).

        For the imaginary part: the weights of ``Im(conj(x_i) x_j)``.
        """
        packed = np.empty((self._starts[-1], coefficients.shape[1]), coefficients.dtype)
        for mask in range(self.size):
            rows = np.arange(self.size)
            if mask:
                # Of each pair the smaller one: it has a zero at the mask's highest bit.
                rows = rows[rows & (1 << mask.bit_length() - 1) == 0]
            ys = self.overlap[mask]
            z = np.flatnonzero(ys & 1 == imaginary)
            phase = 1 - 2 * (((ys[z] - imaginary) >> 1) & 1)
            signs = (1 - 2 * (self.overlap[rows][:, z] & 1)) * phase * (2 if mask else 1)
            weights = signs.astype(coefficients.dtype) @ coefficients[self.strings[mask, z]]
            packed[self._starts[rows] + (rows ^ mask) - rows] = weights
        return packed

    def _row_groups(self) -> Iterator[range]:
        """Consecutive rows of the triangle, together about ``PAIRS`` pairs."""
        first = 0
        for row in range(self.size):
            if self._starts[row + 1] - self._starts[first] >= PAIRS or row == self.size - 1:
                yield range(first, row + 1)
                first = row + 1

    def _products(self, parts: list[np.ndarray], rows: range, imaginary: bool) -> np.ndarray:
        """Real or imaginary part of ``conj(x_i) x_j`` for the rows i and all j >= i, (pairs, n)."""
        base = self._starts[rows.start]
        length = self._starts[rows.stop] - base
        found = np.empty((length, parts[0].shape[1]), parts[0].dtype)
        for row in rows:
            place = found[self._starts[row] - base : self._starts[row + 1] - base]
            if imaginary:
                np.multiply(parts[0][row], parts[1][row:], out=place)
                place -= parts[1][row] * parts[0][row:]
            else:
                np.multiply(parts[0][row], parts[0][row:], out=place)
                if len(parts) == 2:
                    place += parts[1][row] * parts[1][row:]
        return found


def _slices(length: int, size: int) -> Iterator[slice]:
    for first in range(0, length, size):
        yield slice(first, min(first + size, length))
