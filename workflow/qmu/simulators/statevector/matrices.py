"""The one-qubit matrices of a program, all gates of a kind at once, in JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from qmu.circuits.circuit import Operation

from .program import AngleTable, Program, angle_table


def step_matrices(program: Program, real: Any) -> Callable[[Any, Any], Any]:
    """``f(parameters (P,), inputs (B, F)) -> matrices (S, 2, 2, C)``, complex.

    C is the batch where an angle sees the data, and 1 otherwise. ``real`` is the dtype of angles.
    """
    kinds = sorted({gate.name for gate in program.gates})
    rows = {
        kind: [i for i, gate in enumerate(program.gates) if gate.name == kind] for kind in kinds
    }
    order = np.argsort([*(row for kind in kinds for row in rows[kind]), len(program.gates)])
    table = angle_table([angle for kind in kinds for angle in _angles(program.gates, rows[kind])])
    places = order[program.steps]

    def matrices(parameters: Any, inputs: Any) -> Any:
        angles = _angle_values(table, parameters, inputs, real)
        blocks, start = [], 0
        for kind in kinds:
            count = len(rows[kind])
            if kind in _ROTATIONS:
                blocks.append(_matrix(_ROTATIONS[kind](angles[start : start + count])))
                start += count
            else:
                blocks.append(_repeated(_FIXED[kind], count, angles))
        gates = jnp.concatenate([*blocks, _repeated(_IDENTITY, 1, angles)])
        product = gates[places[:, 0]]
        for level in range(1, places.shape[1]):
            product = _times(gates[places[:, level]], product)
        return product

    return matrices


def _angles(gates: Sequence[Operation], rows: Sequence[int]) -> list[Any]:
    return [angle for row in rows for angle in gates[row].angles]


def _angle_values(table: AngleTable, parameters: Any, inputs: Any, real: Any) -> Any:
    """All angles (A, C) in radians."""
    values = jnp.asarray(table.constant, real)
    trained = np.flatnonzero(table.index >= 0)
    if len(trained):
        turned = parameters[table.index[trained]].astype(real)
        values = values.at[trained].add(turned * jnp.asarray(table.slope[trained], real))
    values = values[:, None]
    if len(table.rows):
        factors = [
            inputs.T[table.feature[side]] * jnp.asarray(table.scale[side][:, None], real)
            + jnp.asarray(table.shift[side][:, None], real)
            for side in (0, 1)
        ]
        values = jnp.broadcast_to(values, (len(values), len(inputs)))
        values = values.at[table.rows].add(factors[0] * factors[1])
    return values


def _matrix(entries: tuple[tuple[Any, Any], tuple[Any, Any]]) -> Any:
    return jnp.stack([jnp.stack(row, axis=1) for row in entries], axis=1)


def _repeated(matrix: np.ndarray, count: int, angles: Any) -> Any:
    complex_ = jnp.result_type(angles.dtype, jnp.complex64)
    shape = (count, 2, 2, angles.shape[1])
    return jnp.broadcast_to(jnp.asarray(matrix, complex_)[None, :, :, None], shape)


def _times(left: Any, right: Any) -> Any:
    return jnp.sum(left[:, :, :, None] * right[:, None, :, :], axis=2)


def _phase(angle: Any) -> Any:
    return jnp.cos(angle) + 1j * jnp.sin(angle)


def _rx(angle: Any) -> Any:
    cosine, sine = jnp.cos(angle / 2) + 0j, -1j * jnp.sin(angle / 2)
    return (cosine, sine), (sine, cosine)


def _ry(angle: Any) -> Any:
    cosine, sine = jnp.cos(angle / 2) + 0j, jnp.sin(angle / 2) + 0j
    return (cosine, -sine), (sine, cosine)


def _rz(angle: Any) -> Any:
    zero = jnp.zeros_like(angle) + 0j
    return (_phase(-angle / 2), zero), (zero, _phase(angle / 2))


def _phase_shift(angle: Any) -> Any:
    zero = jnp.zeros_like(angle) + 0j
    return (zero + 1, zero), (zero, _phase(angle))


_ROTATIONS = {"RX": _rx, "RY": _ry, "RZ": _rz, "PhaseShift": _phase_shift}
_IDENTITY = np.eye(2)
_FIXED = {
    "PauliX": np.array([[0, 1], [1, 0]]),
    "PauliY": np.array([[0, -1j], [1j, 0]]),
    "PauliZ": np.diag([1, -1]),
    "Hadamard": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
}
