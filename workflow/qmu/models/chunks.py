"""Many inputs through programs of one compiled shape, a chunk at a time.

A chunk that is not full is filled up with copies of its first row, whose results are dropped: then
one program serves every number of inputs, and a sample's numbers do not depend on how many others
are evaluated beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# Samples of one evaluation call at 8 qubits, and the amplitudes that bound it for larger circuits.
CHUNK = 512
CHUNK_AMPLITUDES = 2**22


def chunk_size(wires: int) -> int:
    """Samples that are embedded at once for a circuit of ``wires`` qubits."""
    return max(1, min(CHUNK, CHUNK_AMPLITUDES >> wires))


def filled(rows: np.ndarray, size: int) -> np.ndarray:
    """Rows (n, ...) and copies of the first up to ``size`` of them; n is at least 1."""
    return np.concatenate([rows, np.repeat(rows[:1], size - len(rows), axis=0)])


def chunks(rows: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Consecutive chunks of rows (n, ...), as they are and `filled` up to ``size``."""
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size]
        yield chunk, filled(chunk, size)


def in_chunks(program: Callable[[np.ndarray], Any], rows: np.ndarray, size: int) -> np.ndarray:
    """``program`` of all rows (n, ...), called with ``size`` of them: one array (n, ...)."""
    return np.concatenate(
        [np.asarray(program(padded))[: len(chunk)] for chunk, padded in chunks(rows, size)]
    )
