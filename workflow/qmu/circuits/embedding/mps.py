"""Approximate amplitude embedding: layers of staircases of real two-qubit blocks.

A layer of blocks on (0,1), (1,2), ..., is a matrix-product state of bond dimension 2; several
layers come close to states that one layer cannot reach. ``mps_sweeps`` finds the blocks; here the
fewest layers that serve every sample are looked for, and blocks become angles of a circuit. What a
sample gets depends on it and on the number of layers alone, not on the samples beside it.

A block is RY RY CZ RY RY CZ RY RY, which is every rotation in SO(4) exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.errors import QmuError

from .so4 import angles_of
from .sweeps import fidelity_of, grown, swept
from .tree import real_states

SWEEPS = 12
"""Sweeps (there and back) with the final number of layers."""
BLOCK = 128
"""Samples that are worked on together, so that their states stay in the cache."""
PROBE = 8
"""Samples, the worst, that are swept first to see whether more layers are needed."""


@dataclass(frozen=True)
class Embedded:
    """``angles`` (n, A) radians, ``fidelity`` (n,) ``|<state|prepared>|**2``, ``layers``."""

    angles: np.ndarray
    fidelity: np.ndarray
    layers: int


def embed(
    states: np.ndarray,
    *,
    layers: int | None = None,
    max_infidelity: float = 0.05,
    max_layers: int = 6,
    sweeps: int = SWEEPS,
) -> Embedded:
    """Angles of unit vectors (n, 2**wires) with the fewest layers that serve every sample.

    ``layers`` fixes their number instead of searching up to ``max_layers``. Raises QmuError where
    a sample misses ``max_infidelity``, with how many do and what was reached, and where
    ``real_states`` does.
    """
    targets = real_states(states)
    wires = targets.shape[1].bit_length() - 1
    if wires < 2:
        raise QmuError("the mps embedding needs at least 2 wires; use the tree embedding")
    blocks = np.empty((len(targets), 0, wires - 1, 4, 4))
    last, tried = layers or max_layers, []
    for count in range(1, last + 1):
        blocks = _in_parts(grown, targets, blocks)
        if layers is not None and count < layers:
            continue
        found, fidelity, complete = _improved(targets, blocks, sweeps, max_infidelity, count < last)
        tried.append((count, fidelity))
        if complete and np.all(1 - fidelity <= max_infidelity):
            return Embedded(block_angles(found), fidelity, count)
    raise QmuError(_missed(tried, max_infidelity))


def _improved(
    targets: np.ndarray, blocks: np.ndarray, sweeps: int, max_infidelity: float, probing: bool
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Blocks after all sweeps, their fidelities, and whether every sample was swept: with
    ``probing`` only the worst are where one of them still misses ``max_infidelity``."""
    fidelity = _in_parts(fidelity_of, targets, blocks)
    worst = np.argsort(fidelity, kind="stable")[:PROBE]
    if probing:
        fidelity[worst] = fidelity_of(targets[worst], swept(targets[worst], blocks[worst], sweeps))
        if not np.all(1 - fidelity[worst] <= max_infidelity):
            return blocks, fidelity, False
    found = _in_parts(swept, targets, blocks, sweeps)
    return found, _in_parts(fidelity_of, targets, found), True


def circuit(wires: int, layers: int) -> tuple[Any, Any]:
    """The parametrised qiskit circuit (qubit k is wire k) and its parameters in order of angles."""
    from qiskit.circuit import ParameterVector, QuantumCircuit

    plan, count = _plan(wires, layers)
    vector = ParameterVector("mps", count)
    drawn = QuantumCircuit(wires)
    for kind, place in plan:
        if kind == "cz":
            drawn.cz(*place)
        else:
            drawn.ry(vector[place[1]], place[0])
    return drawn, list(vector)


def two_qubit_gates(wires: int, layers: int) -> int:
    """CZ gates before routing."""
    return 2 * (wires - 1) * layers


def block_angles(blocks: np.ndarray) -> np.ndarray:
    """Angles (n, A) of ``circuit`` from blocks (n, layers, wires - 1, 4, 4) in SO(4)."""
    samples, layers, pairs = blocks.shape[:3]
    six = angles_of(blocks.reshape(-1, 4, 4)).reshape(samples, layers, pairs, 6)
    merged = np.zeros((samples, _plan(pairs + 1, layers)[1]))
    for place, (layer, pair, which) in _slots(pairs + 1, layers):
        merged[:, place] += six[:, layer, pair, which]
    # Rotations of one wire that meet are one gate; the sign of a whole state does not matter.
    return (merged + np.pi) % (2 * np.pi) - np.pi


def _steps(wires: int, layers: int) -> list[tuple[str, tuple[int, ...], tuple[int, int, int]]]:
    """Gates before merging: ("ry", (wire,), (layer, pair, which angle)) or ("cz", pair, ...)."""
    steps = []
    for layer in range(layers):
        for pair in range(wires - 1):
            for which in range(3):
                if which:
                    steps.append(("cz", (pair, pair + 1), (layer, pair, which)))
                for side in range(2):
                    steps.append(("ry", (pair + side,), (layer, pair, 2 * which + side)))
    return steps


def _plan(wires: int, layers: int) -> tuple[list[tuple[str, tuple[int, ...]]], int]:
    """Gates after merging, ("ry", (wire, angle index)) or ("cz", pair), and how many angles."""
    plan, open_, count = [], {}, 0
    for kind, place, _ in _steps(wires, layers):
        if kind == "cz":
            plan.append((kind, place))
            open_ = {wire: index for wire, index in open_.items() if wire not in place}
        elif place[0] not in open_:
            open_[place[0]] = count
            plan.append((kind, (place[0], count)))
            count += 1
    return plan, count


def _slots(wires: int, layers: int) -> list[tuple[int, tuple[int, int, int]]]:
    """Which merged angle each block's angle is added to."""
    slots, open_, count = [], {}, 0
    for kind, place, source in _steps(wires, layers):
        if kind == "cz":
            open_ = {wire: index for wire, index in open_.items() if wire not in place}
            continue
        if place[0] not in open_:
            open_[place[0]] = count
            count += 1
        slots.append((open_[place[0]], source))
    return slots


def _in_parts(
    function: Callable[..., np.ndarray], targets: np.ndarray, blocks: np.ndarray, *more: Any
) -> np.ndarray:
    parts = [slice(first, first + BLOCK) for first in range(0, len(targets), BLOCK)]
    return np.concatenate([function(targets[part], blocks[part], *more) for part in parts])


def _missed(tried: list[tuple[int, np.ndarray]], max_infidelity: float) -> str:
    last, fidelity = tried[-1]
    missing = int(np.sum(~(1 - fidelity <= max_infidelity)))
    reached = "; ".join(
        f"{count} layer{'s' if count > 1 else ''}: worst {values.min():.4f}, "
        f"median {np.median(values):.4f}"
        for count, values in tried
    )
    return (
        f"max_infidelity: {missing} of {len(fidelity)} samples miss {max_infidelity:g} with "
        f"{last} layers of the mps embedding (fidelity with {reached}); "
        "raise layers or max_infidelity, or use the tree embedding"
    )
