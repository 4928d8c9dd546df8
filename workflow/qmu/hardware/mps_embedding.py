"""Approximate amplitude embedding: layers of staircases of real two-qubit blocks.

A layer of blocks on (0,1), (1,2), ..., is a matrix-product state of bond dimension 2; several
layers come close to states that one layer cannot reach. Layers are found one after the other from
the state that is left (Ran 2020, arXiv:1908.07958), and all blocks are then improved in sweeps:
with the others held, the best block is the orthogonal factor of its environment (as in Rudolph et
al. 2022, arXiv:2209.00595). Everything works on all samples at once.

A block is RY RY CZ RY RY CZ RY RY, which is every rotation in SO(4) exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import QmuError
from .so4 import angles_of, from_basis, nearest
from .tree_embedding import real_states

SWEEPS = 20
"""Sweeps (there and back) after a layer was added."""
BLOCK = 64
"""Samples that are worked on together, so that their states stay in the cache."""


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
    tried = []
    for count in range(1, (layers or max_layers) + 1):
        blocks = _in_parts(_grown, targets, blocks, sweeps)
        if layers is not None and count < layers:
            continue
        fidelity = _in_parts(_fidelity, targets, blocks)
        tried.append((count, fidelity))
        if np.all(1 - fidelity <= max_infidelity):
            return Embedded(block_angles(blocks), fidelity, count)
    raise QmuError(_missed(tried, max_infidelity))


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


def _in_parts(function: Any, targets: np.ndarray, blocks: np.ndarray, *more: Any) -> np.ndarray:
    parts = [slice(first, first + BLOCK) for first in range(0, len(targets), BLOCK)]
    return np.concatenate([function(targets[part], blocks[part], *more) for part in parts])


def _grown(targets: np.ndarray, blocks: np.ndarray, sweeps: int) -> np.ndarray:
    """One more layer, acting before the others, and sweeps over all."""
    left = targets
    for layer in reversed(range(blocks.shape[1])):
        for pair in reversed(range(blocks.shape[2])):
            left = _apply(_transposed(blocks[:, layer, pair]), left, pair)
    grown = np.concatenate([_first_layer(left)[:, None], blocks], axis=1)
    return _swept(targets, grown, sweeps)


def _first_layer(states: np.ndarray) -> np.ndarray:
    """Blocks (n, wires - 1, 4, 4) that prepare the truncated matrix-product state of bond 2."""
    samples, size = states.shape
    pairs = size.bit_length() - 2
    blocks = np.empty((samples, pairs, 4, 4))
    rest = states
    for pair in reversed(range(pairs)):
        rest = rest.reshape(samples, -1, 4)
        vectors = np.linalg.eigh(_transposed(rest) @ rest)[1][:, :, ::-1]
        # In comes the bond on the first wire and |0> on the second: columns 0 and 2.
        blocks[:, pair] = from_basis(vectors[:, :, [0, 2, 1, 3]])
        rest = rest @ vectors[:, :, :2]
    return blocks


def _swept(targets: np.ndarray, blocks: np.ndarray, sweeps: int) -> np.ndarray:
    samples, layers, pairs = blocks.shape[:3]
    blocks = blocks.reshape(samples, layers * pairs, 4, 4).copy()
    order = range(layers * pairs)
    right = np.zeros_like(targets)
    right[:, 0] = 1.0
    left = targets
    for index in reversed(order):
        left = _apply(_transposed(blocks[:, index]), left, index % pairs)
    for _ in range(sweeps):
        for index in order:
            pair = index % pairs
            left = _apply(blocks[:, index], left, pair)
            blocks[:, index] = nearest(_environment(left, right, pair))
            right = _apply(blocks[:, index], right, pair)
        for index in reversed(order):
            pair = index % pairs
            right = _apply(_transposed(blocks[:, index]), right, pair)
            blocks[:, index] = nearest(_environment(left, right, pair))
            left = _apply(_transposed(blocks[:, index]), left, pair)
    return blocks.reshape(samples, layers, pairs, 4, 4)


def _environment(left: np.ndarray, right: np.ndarray, pair: int) -> np.ndarray:
    """E (n, 4, 4) with ``<left|block|right> = sum(E * block)``."""
    samples, size = left.shape
    shape = (samples, 2**pair, 4, size >> (pair + 2))
    return np.einsum("aicj,aidj->acd", left.reshape(shape), right.reshape(shape), optimize=True)


def _apply(block: np.ndarray, states: np.ndarray, pair: int) -> np.ndarray:
    """Blocks (n, 4, 4) on wires (pair, pair + 1) of states (n, 2**wires)."""
    samples, size = states.shape
    tensor = states.reshape(samples, 2**pair, 4, size >> (pair + 2))
    return (block[:, None] @ tensor).reshape(samples, size)


def _fidelity(targets: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    state = np.zeros_like(targets)
    state[:, 0] = 1.0
    for layer in range(blocks.shape[1]):
        for pair in range(blocks.shape[2]):
            state = _apply(blocks[:, layer, pair], state, pair)
    return np.sum(state * targets, axis=1) ** 2


def _transposed(matrices: np.ndarray) -> np.ndarray:
    return np.swapaxes(matrices, -1, -2)


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
