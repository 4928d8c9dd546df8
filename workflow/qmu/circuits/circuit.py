"""A parametrised circuit as plain data: embedding, operations, measurement.

Every device executes this one definition: ``quantum_function`` (same package) turns it into
PennyLane operations, the JAX engines compile it, and the code digest sees it as a value. Nothing
here imports a simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Parameter:
    """The trainable angle ``scale * theta[index] + shift`` in radians."""

    index: int
    scale: float = 1.0
    shift: float = 0.0

    def __repr__(self) -> str:
        # What was paid for is found again by the text of its circuit.
        more = "" if (self.scale, self.shift) == (1.0, 0.0) else f", {self.scale}, {self.shift}"
        return f"Parameter(index={self.index}{more})"


@dataclass(frozen=True)
class Feature:
    """The affine data angle ``scale * x[index] + shift`` in radians."""

    index: int
    scale: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class FeatureProduct:
    """The product of two affine data angles, as ZZ feature maps use it."""

    first: Feature
    second: Feature


Angle = Parameter | Feature | FeatureProduct | float


@dataclass(frozen=True)
class Operation:
    """One gate by its PennyLane name, its wires and its angles."""

    name: str
    wires: tuple[int, ...]
    angles: tuple[Angle, ...] = ()


@dataclass(frozen=True)
class Circuit:
    """Embedding, operations in time order, and the wires whose Pauli-Z is measured.

    ``embedding="amplitude"``: an input is a unit vector of ``2**wires`` real or complex
    amplitudes, wire 0 the most significant bit (PennyLane's order).
    ``embedding="angle"``: the state starts in |0...0> and an input is a vector of ``features``
    real numbers that enter through ``Feature`` angles among the operations.
    """

    wires: int
    embedding: Literal["amplitude", "angle"]
    operations: tuple[Operation, ...]
    measured: tuple[int, ...]
    parameters: int
    features: int = 0

    @property
    def input_size(self) -> int:
        """Length of one input vector."""
        return 2**self.wires if self.embedding == "amplitude" else self.features


def turns(wires: int, rotations: tuple[str, ...]) -> list[Operation]:
    """Features as angles: the k-th gate turns wire j by feature ``k * wires + j`` (radians)."""
    return [
        Operation(name, (wire,), (Feature(layer * wires + wire),))
        for layer, name in enumerate(rotations)
        for wire in range(wires)
    ]


def ring(wires: int) -> list[tuple[int, int]]:
    """Neighbouring pairs, closed from the last wire to the first where that is a new pair."""
    pairs = [(wire, wire + 1) for wire in range(wires - 1)]
    return [*pairs, (wires - 1, 0)] if wires > 2 else pairs
