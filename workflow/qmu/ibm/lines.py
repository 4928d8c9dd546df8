"""The best calibrated line of qubits, for circuits that shall not spread over more."""

from __future__ import annotations

import math
from typing import Any

from qmu.errors import QmuError


def best_line(backend: Any, length: int, gates: int) -> list[int]:
    """``length`` different qubits, each coupled to the next, with the smallest expected error.

    ``gates``: two-qubit gates of the circuit, taken as spread evenly over the line; each qubit is
    read once. Raises QmuError where the backend has no such line.
    """
    neighbours = _neighbours(backend)
    weight = gates / max(1, length - 1)
    readout = {
        qubit: _loss(backend.target["measure"].get((qubit,))) for qubit in range(backend.num_qubits)
    }
    best: tuple[float, list[int]] = (math.inf, [])

    def extend(line: list[int], loss: float) -> None:
        nonlocal best
        if loss >= best[0]:
            return
        if len(line) == length:
            best = (loss, line)
            return
        for qubit, edge in neighbours.get(line[-1], {}).items():
            if qubit not in line:
                extend([*line, qubit], loss + weight * edge + readout[qubit])

    for qubit in range(backend.num_qubits):
        extend([qubit], readout[qubit])
    if not best[1]:
        raise QmuError(f"backend {backend.name} has no line of {length} working qubits")
    return best[1]


def edges_within(backend: Any, line: list[int]) -> list[tuple[int, int]]:
    """The couplings between qubits of the line, in both directions."""
    neighbours = _neighbours(backend)
    return [(first, second) for first in line for second in neighbours[first] if second in line]


def _neighbours(backend: Any) -> dict[int, dict[int, float]]:
    """Qubit -> coupled qubit -> loss of the native two-qubit gate."""
    found: dict[int, dict[int, float]] = {}
    for name in ("cz", "ecr", "cx"):
        if name not in backend.target.operation_names:
            continue
        for (first, second), properties in backend.target[name].items():
            loss = _loss(properties)
            if math.isfinite(loss):
                found.setdefault(first, {})[second] = loss
                found.setdefault(second, {}).setdefault(first, loss)
    return found


def _loss(properties: Any) -> float:
    """``-log(1 - error)``; infinite for a gate that is out of order."""
    error = getattr(properties, "error", None) or 0.0
    return -math.log1p(-error) if error < 1 else math.inf
