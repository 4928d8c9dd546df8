"""The numbers that run a fused program: which parameter goes where, as dense arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from .program import LayerProgram, parity

_DENSE = 2**20
_GROUP = 5


@dataclass(frozen=True)
class Tables:
    """Layer l turns qubit w by ``angles[l, w]`` and parity ``masks[k]`` by ``angles[l, n + k]``.

    ``angles = scale * theta[index] + shift``, all three of shape (L, n + K). ``sources[l]`` is the
    permutation before layer l or None; ``measured`` (m, 2**n) holds the signs of each <Z>.
    """

    wires: int
    parameters: int
    masks: np.ndarray
    index: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    sources: tuple[np.ndarray | None, ...]
    measured_masks: np.ndarray

    @property
    def layers(self) -> int:
        return len(self.index)

    @property
    def groups(self) -> list[int]:
        """Qubits per Kronecker factor, in order: as few factors as five qubits each allow."""
        count = -(-self.wires // _GROUP)
        return [self.wires // count + (group < self.wires % count) for group in range(count)]

    @cached_property
    def measured(self) -> np.ndarray:
        """Signs (m, 2**n), float64."""
        return parity(self.measured_masks[:, None], np.arange(2**self.wires))

    def angles(self, theta: jax.Array) -> jax.Array:
        """(P,) -> (L, n + K). One matrix product where it is small: its transpose is no scatter."""
        if self.index.size * self.parameters > _DENSE:
            return theta[self.index] * self.scale.astype(theta.dtype) + self.shift.astype(
                theta.dtype
            )
        flat = theta @ jnp.asarray(self._dense, theta.dtype)
        return flat.reshape(self.index.shape) + self.shift.astype(theta.dtype)

    @cached_property
    def _dense(self) -> np.ndarray:
        matrix = np.zeros((self.parameters, self.index.size))
        matrix[self.index.ravel(), np.arange(self.index.size)] = self.scale.ravel()
        return matrix


def tables(program: LayerProgram) -> Tables:
    """Dense tables of a program; a parity that a layer uses twice gets two columns."""
    columns: dict[tuple[int, int], int] = {}
    placed = []
    for number, layer in enumerate(program.layers):
        seen: dict[int, int] = {}
        for mask, angle in layer.phases:
            seen[mask] = seen.get(mask, 0) + 1
            column = columns.setdefault((mask, seen[mask]), len(columns))
            placed.append((number, program.wires + column, angle))
        placed += [(number, wire, angle) for wire, angle in layer.rotations.items()]
    shape = len(program.layers), program.wires + len(columns)
    index, scale, shift = np.zeros(shape, np.int32), np.zeros(shape), np.zeros(shape)
    for number, column, angle in placed:
        index[number, column] = max(angle.index, 0)
        scale[number, column], shift[number, column] = angle.scale, angle.shift
    return Tables(
        wires=program.wires,
        parameters=program.parameters,
        masks=np.array([mask for mask, _ in columns], np.int64),
        index=index,
        scale=scale,
        shift=shift,
        sources=tuple(layer.source for layer in program.layers),
        measured_masks=np.array(program.measured, np.int64),
    )
