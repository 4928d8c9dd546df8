"""Fidelity kernels and their ridge regression, in NumPy and double precision.

The kernel of two pure states is k = |<a|b>|^2 (Havlicek et al. 2019, arXiv:1804.11326; Schuld and
Killoran 2019, arXiv:1803.07128). It is an inner product of density matrices, so that a regression
on n training rows, alpha = (K + penalty I)^-1 Y, has weights in the space of those matrices whose
number does not depend on n, and is the same function. `without` takes rows out of the inverse, the
exact unlearning of such a model.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def fidelity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """|<a|b>|^2 of all pairs of states (n, s) and (m, s): (n, m)."""
    return np.abs(first.conj() @ second.T) ** 2


def dimension(size: int, real: bool) -> int:
    """Numbers that `density` makes of states of ``size`` amplitudes."""
    return size * (size + 1) // 2 if real else size**2


def density(states: Any, xp: Any) -> Any:
    """States (n, s) to real vectors (n, `dimension`) whose inner product is their fidelity: the
    populations, then the coherences times sqrt(2), of complex states their real and imaginary
    parts. ``xp`` is the array module."""
    rows, columns = np.triu_indices(states.shape[1], 1)
    coherences = np.sqrt(2.0) * states[:, rows] * states[:, columns].conj()
    parts = [xp.abs(states) ** 2]
    parts += [coherences.real, coherences.imag] if xp.iscomplexobj(states) else [coherences]
    return xp.concatenate(parts, axis=1).astype(parts[0].dtype)


def inverse(kernel: np.ndarray, penalty: float) -> np.ndarray:
    """(K + penalty I)^-1 of a kernel matrix (n, n); ``penalty`` is positive."""
    regular = kernel + penalty * np.eye(len(kernel))
    found = np.linalg.inv(regular)
    return (found + found.T) / 2


def without(inverted: np.ndarray, forget: np.ndarray) -> np.ndarray:
    """The `inverse` (r, r) for the rows that stay, from that for all rows (n, n); ``forget`` (n,)
    bool. It costs n^2 times the number of forgotten rows, and no kernel entry is computed again."""
    kept, gone = np.flatnonzero(~forget), np.flatnonzero(forget)
    across = inverted[np.ix_(kept, gone)]
    return inverted[np.ix_(kept, kept)] - across @ np.linalg.solve(
        inverted[np.ix_(gone, gone)], across.T
    )


def targets(labels: np.ndarray, classes: int) -> np.ndarray:
    """One against the rest: +1 for a row's own class, -1 for the others, (n, classes)."""
    return np.where(np.arange(classes) == labels[:, None], 1.0, -1.0)


def alignment(first: np.ndarray, second: np.ndarray) -> float:
    """<K1, K2>_F / (|K1|_F |K2|_F), 1 for equal matrices (Cristianini et al. 2001)."""
    return float(np.vdot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))
