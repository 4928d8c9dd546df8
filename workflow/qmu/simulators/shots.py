"""Expectation values as a quantum computer estimates them: means over a finite number of shots.

All measured wires are read in the same shots, so bit strings are drawn and not single outcomes:
the estimates of one image have the variances ``(1 - <Z_i>^2) / S`` and the covariances
``(<Z_i Z_j> - <Z_i><Z_j>) / S`` of the real experiment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NEGATIVE = 1e-5
"""The most negative probability that passes as rounding (single precision reaches 1e-7)."""
BLOCK_BYTES = 2**26
"""Counts that are held at a time, in bytes."""


def sample_expectations(
    probabilities: np.ndarray,
    measured: Sequence[int],
    shots: int,
    rng: np.random.Generator,
    repeats: int = 1,
) -> np.ndarray:
    """Estimates of <Z> from ``shots`` bit strings each, (repeats, n, K) float64.

    ``probabilities`` (n, 2**wires) of bit strings, wire 0 the most significant bit; ``measured``
    K different wires. The repeats are independent executions, as an attacker who asks again gets
    them. Draws are taken image by image, so splitting the images over several calls with the same
    generator changes nothing. Raises ValueError for anything that is no distribution, a wire that
    is not there or comes twice, and fewer than one shot or repeat.
    """
    if shots < 1 or repeats < 1:
        raise ValueError(f"shots and repeats must be at least 1, got {shots} and {repeats}")
    chances = marginals(probabilities, measured)
    images, outcomes = chances.shape
    signs = _signs(len(measured))
    estimates = np.empty((repeats, images, len(measured)))
    block = max(1, BLOCK_BYTES // (8 * repeats * outcomes))
    for first in range(0, images, block):
        part = slice(first, min(first + block, images))
        size = (part.stop - part.start, repeats)
        counts = rng.multinomial(shots, chances[part, None], size=size)
        estimates[:, part] = np.swapaxes(counts.astype(float) @ signs, 0, 1) / shots
    return estimates


def marginals(probabilities: np.ndarray, measured: Sequence[int]) -> np.ndarray:
    """The distribution over the measured wires, (n, 2**K) float64, in their order.

    Negative rounding errors become zero and every row sums to one. Raises ValueError for anything
    that is no distribution, and for a wire that is not there or comes twice.
    """
    given = np.asarray(probabilities, dtype=float)
    wires = given.shape[-1].bit_length() - 1 if given.ndim == 2 else 0
    if given.ndim != 2 or given.shape[1] != 2**wires:
        raise ValueError(f"probabilities have shape {given.shape}, not (images, 2**wires)")
    if len(set(measured)) != len(measured) or not set(measured) <= set(range(wires)):
        raise ValueError(f"measured wires {tuple(measured)} are not different wires of {wires}")
    if not ((given >= -NEGATIVE).all() and np.allclose(given.sum(axis=1), 1, rtol=0, atol=1e-3)):
        raise ValueError("probabilities must be non-negative and sum to one")
    tensor = given.clip(0).reshape((-1,) + (2,) * wires)
    others = tuple(wire + 1 for wire in range(wires) if wire not in measured)
    kept = sorted(measured)
    order = [1 + kept.index(wire) for wire in measured]
    joint = tensor.sum(axis=others).transpose(0, *order).reshape(len(given), -1)
    return joint / joint.sum(axis=1, keepdims=True)


def _signs(wires: int) -> np.ndarray:
    """Eigenvalue of Z on each wire for each bit string, (2**wires, wires)."""
    bits = np.arange(2**wires)[:, None] >> np.arange(wires)[::-1] & 1
    return 1.0 - 2.0 * bits
