"""How real features enter a circuit: as amplitudes, as angles, or as amplitudes block by block.

The choices of Hur, Kim and Park 2022 (arXiv:2108.00661). ``amplitude``: the unit vector of all
features. ``angle``: feature j turns qubit j by RY. ``compact_angle``: feature j turns qubit j by
RX, feature ``qubits + j`` by RY. ``block_amplitude``: the qubits fall into equal blocks, each with
the unit vector of its own features; a block without any is |0...0>. Features that are missing are
zeros. As angles, features from 0 to 1 turn by 0 to pi.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from qmu.lazy import jnp

if TYPE_CHECKING:
    from jax import Array

Embedding = Literal["amplitude", "angle", "compact_angle", "block_amplitude"]

# Gates that turn every qubit, for embeddings by angles.
ROTATIONS: dict[str, tuple[str, ...]] = {"angle": ("RY",), "compact_angle": ("RX", "RY")}


def rotations(embedding: Embedding) -> tuple[str, ...]:
    """The gates by which features enter; none for amplitudes."""
    return ROTATIONS.get(embedding, ())


def capacity(embedding: Embedding, qubits: int, blocks: int) -> int:
    """Features that can enter at most."""
    if embedding in ROTATIONS:
        return len(ROTATIONS[embedding]) * qubits
    return blocks * 2 ** (qubits // blocks) if embedding == "block_amplitude" else 2**qubits


def check(embedding: Embedding, qubits: int, blocks: int, width: int | None = None) -> None:
    """ValueError where blocks are not equal, or ``width`` features do not fit."""
    if embedding == "block_amplitude" and qubits % blocks:
        raise ValueError(f"blocks: {blocks} blocks do not share {qubits} qubits equally")
    most = capacity(embedding, qubits, blocks)
    if width is None or width <= most:
        return
    if embedding == "amplitude":
        raise ValueError(
            f"qubits: {width} features do not fit the {most} amplitudes of {qubits} qubits "
            "(features.components)"
        )
    raise ValueError(
        f"embedding: {width} features do not fit the {most} of {embedding} on {qubits} qubits "
        "(features.components)"
    )


def embedded(inputs: Array, embedding: Embedding, qubits: int, blocks: int = 1) -> Array:
    """Features (n, d) to what the circuit takes in: unit vectors (n, 2**qubits), or angles in
    radians (n, capacity)."""
    missing = capacity(embedding, qubits, blocks) - inputs.shape[-1]
    padded = jnp.pad(inputs, ((0, 0), (0, missing)))
    if embedding in ROTATIONS:
        return math.pi * padded
    if embedding == "block_amplitude":
        return _product(padded.reshape(len(inputs), blocks, -1))
    return padded / jnp.linalg.norm(padded, axis=-1, keepdims=True)


def _product(parts: Array) -> Array:
    """Product states (n, size**blocks) of blocks (n, blocks, size), the first most significant."""
    norm = jnp.linalg.norm(parts, axis=-1, keepdims=True)
    ground = jnp.zeros_like(parts).at[..., 0].set(1)
    parts = jnp.where(norm > 0, parts / jnp.where(norm > 0, norm, 1.0), ground)
    state = parts[:, 0]
    for block in range(1, parts.shape[1]):
        state = (state[:, :, None] * parts[:, block, None, :]).reshape(len(parts), -1)
    return state
