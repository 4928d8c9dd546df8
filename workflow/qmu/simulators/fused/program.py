"""A circuit rewritten as layers {permutation, phases, RY on every qubit}.

Every single-qubit gate is RZ RY RZ up to a global phase, and CNOTs permute the computational basis
linearly over GF(2) (Aaronson and Gottesman 2004, arXiv:quant-ph/0406196, use the same tableau).
Diagonal gates are sums of parity functions (Welch et al. 2014, arXiv:1306.3991), so all of them
that lie between two layers of RY merge into one vector of phases, whatever CNOTs they pass. What
is left at the end, phases and a permutation, is dropped or folded into the measurement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from qmu.circuits.circuit import Angle, Circuit, Operation, Parameter

ROTATIONS = frozenset({"U3", "Rot", "RX", "RY", "RZ", "PhaseShift"})
FIXED = frozenset({"PauliX", "PauliY", "PauliZ", "Hadamard", "S", "T"})
LINEAR = frozenset({"CNOT", "SWAP"})
DIAGONAL = frozenset({"CZ", "CRZ", "ControlledPhaseShift", "IsingZZ", "MultiRZ"})


@dataclass(frozen=True)
class Affine:
    """The angle ``scale * theta[index] + shift``; ``index`` is -1 for a constant."""

    index: int
    scale: float
    shift: float

    def times(self, factor: float) -> Affine:
        return Affine(self.index, factor * self.scale, factor * self.shift)


@dataclass(frozen=True)
class Layer:
    """``state[source]``, then ``exp(i sum_j phase_j parity_j)``, then RY on the qubits listed.

    A parity is a bit mask s of basis indices b and stands for (-1)^(number of ones in s & b).
    """

    source: np.ndarray | None
    phases: tuple[tuple[int, Affine], ...]
    rotations: dict[int, Affine]


@dataclass(frozen=True)
class LayerProgram:
    """The layers, and for each measured wire the parity whose expectation value it is."""

    wires: int
    layers: tuple[Layer, ...]
    measured: tuple[int, ...]
    parameters: int


def applies(circuit: Circuit) -> bool:
    """True where ``program(circuit)`` exists: amplitude embedding, no data angles, known gates."""
    known = ROTATIONS | FIXED | LINEAR | DIAGONAL
    return (
        circuit.embedding == "amplitude"
        and bool(circuit.measured)
        and all(
            operation.name in known
            and all(isinstance(angle, Parameter | int | float) for angle in operation.angles)
            for operation in circuit.operations
        )
    )


def program(circuit: Circuit) -> LayerProgram:
    """The layers of a circuit. Raises ValueError where ``applies`` is False."""
    if not applies(circuit):
        raise ValueError("the fused engine needs amplitude embedding and RY/diagonal/CNOT gates")
    builder = _Builder(circuit.wires)
    for operation in circuit.operations:
        builder.add(operation)
    return builder.finish(circuit)


@dataclass
class _Builder:
    """Reads gates in time order; ``rows[w]`` is wire w's bit as a parity of the layer's basis."""

    wires: int
    layers: list[Layer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = self._identity()
        self.rotations: dict[int, Affine] = {}
        self.phases: list[tuple[int, Affine]] = []
        self.source: np.ndarray | None = None
        self.entry: list[tuple[int, Affine]] = []

    def _identity(self) -> list[int]:
        return [1 << (self.wires - 1 - wire) for wire in range(self.wires)]

    def add(self, operation: Operation) -> None:
        name, wires, angles = operation.name, operation.wires, operation.angles
        if name == "CNOT":
            self.rows[wires[1]] ^= self.rows[wires[0]]
        elif name == "SWAP":
            first, second = wires
            self.rows[first], self.rows[second] = self.rows[second], self.rows[first]
        elif name in DIAGONAL:
            self._diagonal(name, wires, angles)
        else:
            for axis, angle in _single_qubit(name, angles):
                if axis == "z":
                    self._phase(wires, angle.times(-0.5))
                else:
                    self._rotate(wires[0], angle)

    def _phase(self, wires: tuple[int, ...], angle: Affine) -> None:
        mask = 0
        for wire in wires:
            mask ^= self.rows[wire]
        rotated = sum(1 << (self.wires - 1 - wire) for wire in self.rotations)
        # A phase of qubits without RY commutes with the RYs of the others, to before them.
        (self.phases if mask & rotated else self.entry).append((mask, angle))

    def _diagonal(self, name: str, wires: tuple[int, ...], angles: tuple[Angle, ...]) -> None:
        if name in ("IsingZZ", "MultiRZ"):
            self._phase(wires, _affine(angles[0]).times(-0.5))
            return
        angle = _affine(math.pi) if name == "CZ" else _affine(angles[0])
        control, target = wires
        self._phase((target,), angle.times(-0.25))
        self._phase((control, target), angle.times(0.25))
        if name != "CRZ":
            self._phase((control,), angle.times(-0.25))

    def _rotate(self, wire: int, angle: Affine) -> None:
        bit = 1 << (self.wires - 1 - wire)
        untouched = (
            wire not in self.rotations
            and all((row == bit) if w == wire else not row & bit for w, row in enumerate(self.rows))
            and not any(mask & bit for mask, _ in self.phases)
        )
        if not untouched:
            self._close()
        self.rotations[wire] = angle

    def _close(self) -> None:
        """End the layer: what followed its RYs becomes the entry of the next one."""
        if self.rotations:
            self.layers.append(Layer(self.source, tuple(self.entry), self.rotations))
            self.entry = []
        source = _basis_change(tuple(self.rows), self.wires)
        self.entry = [
            (_pulled(mask, source, self.wires), angle) for mask, angle in self.entry + self.phases
        ]
        self.source = source
        self.rows, self.rotations, self.phases = self._identity(), {}, []

    def finish(self, circuit: Circuit) -> LayerProgram:
        if self.rotations:
            self.layers.append(Layer(self.source, tuple(self.entry), self.rotations))
        measured = tuple(self.rows[wire] for wire in circuit.measured)
        return LayerProgram(self.wires, tuple(self.layers), measured, circuit.parameters)


def _affine(angle: Angle) -> Affine:
    if isinstance(angle, Parameter):
        return Affine(angle.index, angle.scale, angle.shift)
    return Affine(-1, 0.0, float(angle))


def _single_qubit(name: str, angles: tuple[Angle, ...]) -> list[tuple[str, Affine]]:
    """A gate as rotations about z and y in time order, up to a global phase."""
    half, full = _affine(math.pi / 2), _affine(math.pi)
    fixed = {
        "PauliX": [("z", full), ("y", full)],
        "PauliY": [("y", full)],
        "PauliZ": [("z", full)],
        "Hadamard": [("z", full), ("y", half)],
        "S": [("z", half)],
        "T": [("z", _affine(math.pi / 4))],
    }
    if name in fixed:
        return fixed[name]
    values = [_affine(angle) for angle in angles]
    if name == "U3":
        theta, phi, delta = values
        return [("z", delta), ("y", theta), ("z", phi)]
    if name == "Rot":
        phi, theta, omega = values
        return [("z", phi), ("y", theta), ("z", omega)]
    if name == "RX":
        return [("z", half), ("y", values[0]), ("z", half.times(-1.0))]
    return [("y" if name == "RY" else "z", values[0])]


def parity(masks: np.ndarray, states: np.ndarray) -> np.ndarray:
    """(-1)^(number of ones in mask & state) as float64, shapes broadcast."""
    return 1.0 - 2.0 * (np.bitwise_count(np.asarray(masks) & np.asarray(states)) & 1)


@lru_cache(maxsize=64)
def _basis_change(rows: tuple[int, ...], wires: int) -> np.ndarray | None:
    """``source`` such that ``new_state = state[source]``; None for the identity."""
    states = np.arange(2**wires)
    image = np.zeros_like(states)
    for wire, row in enumerate(rows):
        bit = np.bitwise_count(row & states).astype(np.int64) & 1
        image |= bit << (wires - 1 - wire)
    if np.array_equal(image, states):
        return None
    source = np.empty(len(states), np.int32)
    source[image] = states
    return source


def _pulled(mask: int, source: np.ndarray | None, wires: int) -> int:
    """The parity of ``source[c]`` under ``mask`` as a mask for c; ``source`` is linear in bits."""
    if source is None:
        return mask
    bits = [1 << wire for wire in range(wires)]
    return sum(bit for bit in bits if (mask & int(source[bit])).bit_count() & 1)
