"""Rotations of four real dimensions as gates on two qubits, many at a time.

so(4) is two commuting copies of su(2): generators (Y I, Z Y, X Y) and (I Y, Y Z, Y X). The block
RY RY CZ RY RY CZ RY RY is the Euler decomposition y-z-y of both at once, because conjugation by CZ
turns Y I into Y Z and I Y into Z Y. So every block in SO(4) has an exact circuit of two CZ (Vatan
and Williams 2004, arXiv:quant-ph/0308006, with CNOT).
"""

from __future__ import annotations

import numpy as np

_Y = np.array([[0.0, -1.0], [1.0, 0.0]])  # -i times Pauli Y, real
_X = np.array([[0.0, 1.0], [1.0, 0.0]])
_Z = np.diag([1.0, -1.0])
_ONE = np.eye(2)
# Unit quaternions (1, y, z, x) of either copy, as real matrices of four rows.
_LEFT = np.stack([np.eye(4), np.kron(_Y, _ONE), np.kron(_Z, _Y), np.kron(_X, _Y)])
_RIGHT = np.stack([np.eye(4), np.kron(_ONE, _Y), np.kron(_Y, _Z), np.kron(_Y, _X)])
_BASIS = np.einsum("aij,bjk->abik", _LEFT, _RIGHT)
_SQUARINGS = 5


def angles_of(blocks: np.ndarray) -> np.ndarray:
    """Angles (n, 6) in radians of RY RY CZ RY RY CZ RY RY, first wire first, from blocks (n, 4, 4).

    The blocks must have determinant 1; their sign is lost.
    """
    # A rotation is a product of two unit quaternions, so these coefficients have rank one.
    outer = np.einsum("abik,nik->nab", _BASIS, blocks) / 4
    left, _, right = np.linalg.svd(outer)
    first_left, middle_left, last_left = _euler(left[:, :, 0])
    first_right, middle_right, last_right = _euler(right[:, 0, :])
    # CZ turns the middle rotation of the second wire into Z Y, and that of the first into Y Z.
    order = (first_left, first_right, middle_right, middle_left, last_left, last_right)
    return np.stack(order, axis=1)


def nearest(environments: np.ndarray) -> np.ndarray:
    """The rotations (n, 4, 4) with the largest ``sum(E * R)``, determinant 1.

    In quaternions that sum is bilinear, so they are the first singular vectors of its matrix.
    Repeated squaring finds them faster than a decomposition does; the sum that is found falls short
    of the largest by less than 1e-3 of it, and by rounding alone unless the first two singular
    values are within a hundredth of each other.
    """
    samples = len(environments)
    bilinear = environments.reshape(samples, 1, 16) @ _BASIS.reshape(16, 16).T
    bilinear = bilinear.reshape(samples, 4, 4)
    power = bilinear @ np.swapaxes(bilinear, 1, 2)
    nothing = np.trace(power, axis1=1, axis2=2) == 0
    if nothing.any():
        bilinear[nothing] = power[nothing] = np.eye(4)
    for _ in range(2):
        # The largest eigenvalue is at least a quarter of the trace: five squarings do not
        # underflow.
        power /= np.trace(power, axis1=1, axis2=2)[:, None, None]
        for _ in range(_SQUARINGS):
            power = power @ power
    column = np.argmax(np.diagonal(power, axis1=1, axis2=2), axis=1)
    left = power[np.arange(samples), column]
    right = _unit((left[:, None] @ bilinear)[:, 0])
    left = _unit((bilinear @ right[:, :, None])[:, :, 0])
    outer = (left[:, :, None] * right[:, None]).reshape(samples, 1, 16)
    return (outer @ _BASIS.reshape(16, 16)).reshape(samples, 4, 4)


def from_basis(vectors: np.ndarray) -> np.ndarray:
    """Orthogonal matrices (n, 4, 4), the last column's sign chosen for determinant 1."""
    result = vectors.copy()
    result[:, :, 3] *= np.linalg.det(vectors)[:, None].round()
    return result


def _euler(quaternion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angles (first, middle, last) of y-z-y rotations from (n, 4) components (1, y, z, x)."""
    one, y, z, x = quaternion.T
    middle = 2 * np.arctan2(np.hypot(z, x), np.hypot(one, y))
    total, difference = 2 * np.arctan2(y, one), 2 * np.arctan2(x, z)
    return (total - difference) / 2, middle, (total + difference) / 2


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.sqrt(np.einsum("ni,ni->n", vectors, vectors))[:, None]
