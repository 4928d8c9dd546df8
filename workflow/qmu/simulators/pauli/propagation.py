"""Observables carried backwards through a noisy circuit, as real Pauli coefficients.

An observable enters as one Pauli string and stays one through the last Clifford gates; behind the
last layer of one-qubit gates it is a product over wires; only then all ``4**wires`` coefficients
are stored. They lie as (strings, observables), so that every stage is a gather of rows or a
product with small matrices from the left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .program import Local, Monomial, Stage

GROUP = 2
"""Wires whose one-qubit matrices are joined to one: 16x16, the quickest for BLAS."""
ROWS = 1024
"""Rows that are gathered and scaled at a time, so that they are still in the cache."""

BoundStage = Monomial | dict[int, np.ndarray] | tuple[tuple[int, ...], np.ndarray]
"""A stage with numbers: a permutation, matrices by wire, or one matrix on a pair of wires."""


class Propagation:
    """Carries observables through compiled stages (see ``pauli_program.compile_stages``).

    wires: of the circuit. real: float32 or float64, the type of all coefficients.
    """

    def __init__(self, stages: Sequence[Stage], wires: int, real: type) -> None:
        self.stages = stages
        self.wires = wires
        self.real = real

    def bind(self, parameters: np.ndarray) -> list[BoundStage]:
        """The stages with numbers in place of parameters (P,), in radians."""
        bound: list[BoundStage] = []
        for stage in self.stages:
            if isinstance(stage, Monomial):
                bound.append(stage)
            elif isinstance(stage, Local):
                bound.append(stage.matrices(parameters))
            else:
                bound.append((stage.operation.wires, stage.matrix(parameters)))
        return bound

    def run(self, bound: Sequence[BoundStage], strings: np.ndarray) -> np.ndarray:
        """Coefficients (4**wires, S) before the circuit of the Pauli strings (S,) after it."""
        coefficients, start = self._start(bound, strings)
        spare = np.empty_like(coefficients)
        for stage in bound[start:]:
            if isinstance(stage, Monomial):
                _permute(coefficients, stage, spare)
                coefficients, spare = spare, coefficients
            elif isinstance(stage, dict):
                for position, matrix in self._groups(stage):
                    _multiply(coefficients, matrix, position, spare)
                    coefficients, spare = spare, coefficients
            else:
                coefficients = self._pair(coefficients, *stage)
        return coefficients

    def _start(self, bound: Sequence[BoundStage], strings: np.ndarray) -> tuple[np.ndarray, int]:
        """The coefficients behind the first stages, and how many stages that were."""
        start, factor = 0, np.ones(len(strings))
        if start < len(bound) and isinstance(bound[start], Monomial):
            moved = np.argsort(bound[start].source)[strings]
            strings, factor = moved, bound[start].factor[moved]
            start += 1
        matrices: Mapping[int, np.ndarray] = {}
        if start < len(bound) and isinstance(bound[start], dict):
            matrices = bound[start]
            start += 1
        product = factor[None].astype(self.real)
        for wire in range(self.wires):
            on_wire = (strings >> 2 * (self.wires - 1 - wire)) & 3
            # "C" because fancy indexing would leave its own order to all that follows.
            column = matrices.get(wire, np.eye(4))[:, on_wire].astype(self.real, order="C")
            product = (product[:, None] * column).reshape(-1, len(strings))
        return product, start

    def _groups(self, matrices: Mapping[int, np.ndarray]) -> list[tuple[int, np.ndarray]]:
        """Joint matrices of neighbouring wires and the number of wires before each group."""
        groups = []
        for first in range(0, self.wires, GROUP):
            wires = range(first, min(first + GROUP, self.wires))
            if not any(wire in matrices for wire in wires):
                continue
            joint = np.eye(1)
            for wire in wires:
                joint = np.kron(joint, matrices.get(wire, np.eye(4)))
            groups.append((first, joint.astype(self.real)))
        return groups

    def _pair(
        self, coefficients: np.ndarray, pair: tuple[int, int], matrix: np.ndarray
    ) -> np.ndarray:
        shape = coefficients.shape
        tensor = coefficients.reshape((4,) * self.wires + (-1,))
        front = np.moveaxis(tensor, pair, (0, 1))
        moved = matrix.astype(self.real) @ front.reshape(16, -1)
        back = np.moveaxis(moved.reshape(front.shape), (0, 1), pair)
        return np.ascontiguousarray(back).reshape(shape)


def _permute(coefficients: np.ndarray, stage: Monomial, out: np.ndarray) -> None:
    factor = stage.factor.astype(out.dtype)[:, None]
    for first in range(0, len(out), ROWS):
        rows = slice(first, first + ROWS)
        # "clip" because the default mode copies its output once more.
        np.take(coefficients, stage.source[rows], axis=0, out=out[rows], mode="clip")
        out[rows] *= factor[rows]


def _multiply(coefficients: np.ndarray, matrix: np.ndarray, before: int, out: np.ndarray) -> None:
    """A matrix on the digits that follow the first ``before`` ones."""
    shape = (4**before, len(matrix), -1)
    np.matmul(matrix, coefficients.reshape(shape), out=out.reshape(shape))
