"""`xxz`: ground states of the open XXZ chain, whose two phases are to be told apart.

H = sum_i X_i X_{i+1} + Y_i Y_{i+1} + Delta Z_i Z_{i+1}; label 1 where Delta > 1 (an
antiferromagnet), 0 where it is below (a critical liquid). At Delta = 1 the chain has SU(2)
symmetry: there, and only there, spins are as much correlated in X as in Z.

Source: the setting of Chen and Zhang 2025 (arXiv:2508.02422), a chain of 12 qubits whose data are
not published. Reconstructed: the range of Delta, the number of rows and the margin.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu.data.chains import Chain, Term, around, ground_state, hamiltonian
from qmu.data.dataset import Dataset, Description

BOUNDARY, LOWEST, HIGHEST = 1.0, 0.0, 2.0


class Config(Chain):
    """``qubits`` (even: an odd chain has two ground states), ``rows`` over both phases, and the
    ``margin`` around the boundary that is left out."""

    qubits: int = Field(default=12, ge=4, le=16, multiple_of=2)
    margin: float = Field(default=0.05, ge=0.001, le=0.5)


def describe(config: Config) -> Description:
    """Two phases, half of the rows each."""
    labels = ("liquid", "antiferromagnet")
    return Description(2, config.rows, "states", (2**config.qubits,), labels=labels)


def load(config: Config) -> Dataset:
    """Ground states in the order of Delta."""
    deltas = control(config)
    flip = hamiltonian(config.qubits, terms(config.qubits, 0.0))
    both = hamiltonian(config.qubits, terms(config.qubits, 1.0))
    start = staggered(config.qubits)
    states = [ground_state(flip + delta * (both - flip), start)[1] for delta in deltas]
    labels = (deltas > BOUNDARY).astype(np.int64)
    return Dataset(np.array(states, complex), labels, np.ones(len(labels), bool))


def control(config: Config) -> np.ndarray:
    """Delta of every row, (rows,)."""
    return around(BOUNDARY, LOWEST, HIGHEST, config.margin, config.rows)


def terms(qubits: int, delta: float) -> list[Term]:
    """The Hamiltonian; Y_i Y_j = -X_i X_j Z_i Z_j."""
    pairs = [(i, i + 1) for i in range(qubits - 1)]
    one = [[(1.0, pair, ()), (-1.0, pair, pair), (delta, (), pair)] for pair in pairs]
    return [term for three in one for term in three]


def staggered(qubits: int) -> np.ndarray:
    """Half of the spins up, with Marshall's signs: of the symmetry of the ground state, which has
    no node in this basis."""
    states = np.arange(2**qubits)
    odd_sites = sum(1 << bit for bit in range(0, qubits, 2))
    half = np.bitwise_count(states) == qubits // 2
    return half * (1.0 - 2.0 * (np.bitwise_count(states & odd_sites) & 1))
