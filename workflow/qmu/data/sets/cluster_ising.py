"""`cluster_ising`: ground states of the cluster chain in a transverse field, and their phases.

H = -sum_i Z_{i-1} X_i Z_{i+1} - h sum_i X_i on a ring, so that the ground state is unique in both
phases; label 1 where h < 1 (protected by symmetry, with string order), 0 where it is a paramagnet.
The chain maps to itself with 1/h for h, which puts the boundary at h = 1 exactly.

Source: the phases of Cong, Choi and Lukin 2019 (arXiv:1810.03537) on their solvable line, on a ring
instead of an open chain.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu.data.chains import Chain, Term, around, ground_state, hamiltonian
from qmu.data.dataset import Dataset, Description

BOUNDARY, LOWEST, HIGHEST = 1.0, 0.0, 2.0


class Config(Chain):
    """``qubits`` (even: both sublattices alike), ``rows`` over both phases, and the ``margin``
    around the boundary that is left out."""

    qubits: int = Field(default=8, ge=4, le=16, multiple_of=2)
    margin: float = Field(default=0.1, ge=0.001, le=0.5)


def describe(config: Config) -> Description:
    """Two phases, half of the rows each."""
    labels = ("paramagnet", "cluster")
    return Description(2, config.rows, "states", (2**config.qubits,), labels=labels)


def load(config: Config) -> Dataset:
    """Ground states in the order of h."""
    fields = control(config)
    cluster = hamiltonian(config.qubits, terms(config.qubits, 0.0))
    both = hamiltonian(config.qubits, terms(config.qubits, 1.0))
    start = np.full(2**config.qubits, 2.0 ** (-config.qubits / 2))
    states = [ground_state(cluster + h * (both - cluster), start)[1] for h in fields]
    labels = (fields < BOUNDARY).astype(np.int64)
    return Dataset(np.array(states, complex), labels, np.ones(len(labels), bool))


def control(config: Config) -> np.ndarray:
    """h of every row, (rows,)."""
    return around(BOUNDARY, LOWEST, HIGHEST, config.margin, config.rows)


def terms(qubits: int, field: float) -> list[Term]:
    """The Hamiltonian."""
    ring = [((i - 1) % qubits, i, (i + 1) % qubits) for i in range(qubits)]
    cluster = [(-1.0, (i,), (left, right)) for left, i, right in ring]
    return [*cluster, *[(-field, (i,), ()) for i in range(qubits)]]
