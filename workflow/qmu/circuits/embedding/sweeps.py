"""Blocks of the mps embedding for many samples at once, found layer by layer and in sweeps.

A layer is found from the state that those before it leave (Ran 2020, arXiv:1908.07958). Sweeps then
improve all blocks: with the others held, the best block is the rotation that is nearest to its
environment (as in Rudolph et al. 2022, arXiv:2209.00595). Sweeps alone converge slowly, so each
starts from a point that lies beyond what the last one reached, as in Nesterov's method; where that
made a sample worse, its next sweep starts without it (O'Donoghue and Candes 2015, arXiv:1204.3982).

Blocks are (n, layers, wires - 1, 4, 4) in SO(4), states (n, 2**wires) real unit vectors, float64.
No sample's result depends on the others, to the last bit.
"""

from __future__ import annotations

import numpy as np

from .so4 import from_basis, nearest

GROWING = 6
"""Sweeps after a layer was added."""
MOMENTUM = 0.9
"""How far beyond the last sweep the next one starts, as a part of the last one's way."""
# Up to so many amplitudes behind a pair, one wide product is faster than many narrow ones.
_NARROW = 4


def grown(targets: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """One more layer, acting before the others, and ``GROWING`` sweeps over all."""
    left = targets
    for layer in reversed(range(blocks.shape[1])):
        for pair in reversed(range(blocks.shape[2])):
            left = apply(_transposed(blocks[:, layer, pair]), left, pair)
    return swept(targets, np.concatenate([_layer(left)[:, None], blocks], axis=1), GROWING)


def swept(targets: np.ndarray, blocks: np.ndarray, sweeps: int) -> np.ndarray:
    """Blocks after ``sweeps`` sweeps there and back."""
    start, last, before = blocks, blocks, np.full(len(blocks), -np.inf)
    for number in range(sweeps):
        found, overlap = _sweep(targets, start)
        if number < sweeps - 1:
            momentum = np.where(overlap > before, MOMENTUM, 0.0)[:, None, None, None, None]
            beyond = found + momentum * (found - last)
            start = nearest(beyond.reshape(-1, 4, 4)).reshape(found.shape)
        last, before = found, overlap
    return last


def fidelity_of(targets: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Fidelities (n,) of the states that the blocks prepare."""
    state = _zeros(targets)
    for layer in range(blocks.shape[1]):
        for pair in range(blocks.shape[2]):
            state = apply(blocks[:, layer, pair], state, pair)
    return np.einsum("na,na->n", state, targets) ** 2


def apply(block: np.ndarray, states: np.ndarray, pair: int) -> np.ndarray:
    """Blocks (n, 4, 4) on wires (pair, pair + 1) of states (n, 2**wires)."""
    samples, size = states.shape
    before, behind = 2**pair, size >> (pair + 2)
    if behind > _NARROW:
        return (block[:, None] @ states.reshape(samples, before, 4, behind)).reshape(samples, size)
    # The block as one matrix on all wires from the pair on.
    wide = np.zeros((samples, 4, behind, 4, behind))
    np.einsum("ndici->ncdi", wide)[...] = block[:, :, :, None]
    wide = wide.reshape(samples, 4 * behind, 4 * behind)
    return (states.reshape(samples, before, 4 * behind) @ wide).reshape(samples, size)


def _environment(left: np.ndarray, right: np.ndarray, pair: int) -> np.ndarray:
    """E (n, 4, 4) with ``<left|block|right> = sum(E * block)``."""
    samples, size = left.shape
    before, behind = 2**pair, size >> (pair + 2)
    if behind > _NARROW:
        shape = (samples, before, 4, behind)
        each = left.reshape(shape) @ _transposed(right.reshape(shape))
        summed = np.ones((1, before)) @ each.reshape(samples, before, 16)
        return summed.reshape(samples, 4, 4)
    shape = (samples, before, 4 * behind)
    both = _transposed(left.reshape(shape)) @ right.reshape(shape)
    return np.einsum("ncidi->ncd", both.reshape(samples, 4, behind, 4, behind))


def _sweep(targets: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks after one sweep there and back, and the overlaps (n,) that they reach."""
    samples, layers, pairs = blocks.shape[:3]
    blocks = blocks.reshape(samples, layers * pairs, 4, 4).copy()
    order = range(layers * pairs)
    left, right = targets, _zeros(targets)
    for index in reversed(order):
        left = apply(_transposed(blocks[:, index]), left, index % pairs)
    for index in order:
        pair = index % pairs
        left = apply(blocks[:, index], left, pair)
        blocks[:, index] = nearest(_environment(left, right, pair))
        right = apply(blocks[:, index], right, pair)
    for index in reversed(order):
        pair = index % pairs
        right = apply(_transposed(blocks[:, index]), right, pair)
        blocks[:, index] = nearest(_environment(left, right, pair))
        left = apply(_transposed(blocks[:, index]), left, pair)
    return blocks.reshape(samples, layers, pairs, 4, 4), left[:, 0]


def _layer(states: np.ndarray) -> np.ndarray:
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


def _zeros(states: np.ndarray) -> np.ndarray:
    """|0...0> for every sample."""
    right = np.zeros_like(states)
    right[:, 0] = 1.0
    return right


def _transposed(matrices: np.ndarray) -> np.ndarray:
    return np.swapaxes(matrices, -1, -2)
