"""A noisy circuit compiled for the Heisenberg picture: few stages, last operation first.

Clifford gates on two wires and every channel beside them fuse into one signed permutation of the
Pauli strings with one factor each; neighbouring one-qubit gates fuse into one real 4x4 matrix per
wire; any other two-qubit gate is a stage of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qmu.circuits.angles import angle_values
from qmu.circuits.circuit import Circuit, Operation
from qmu.circuits.gates import SELF_INVERSE
from qmu.circuits.noise import Channel, Placement

from .transfer import heisenberg, signed_permutation


@dataclass
class Monomial:
    """``c -> factor * c[source]`` over all ``4**wires`` Pauli strings."""

    source: np.ndarray
    factor: np.ndarray

    def then(self, source: np.ndarray, factor: np.ndarray) -> None:
        """Compose with a later ``c -> factor * c[source]``."""
        self.factor = factor * self.factor[source]
        self.source = self.source[source]


@dataclass
class Local:
    """One-qubit gates and channels, per wire in the order in which they act backwards."""

    items: dict[int, list[Operation | Channel]] = field(default_factory=dict)

    def matrices(self, parameters: np.ndarray) -> dict[int, np.ndarray]:
        """The 4x4 matrix of each wire that has one."""
        return {wire: _product(items, parameters) for wire, items in self.items.items()}


@dataclass(frozen=True)
class Pair:
    """A two-qubit gate that is no Clifford gate, or depends on parameters."""

    operation: Operation

    def matrix(self, parameters: np.ndarray) -> np.ndarray:
        """Its 16x16 matrix."""
        return _matrix(self.operation, parameters)


Stage = Monomial | Local | Pair


def compile_stages(circuit: Circuit, placement: Placement) -> list[Stage]:
    """The stages in the order in which they act on an observable."""
    stages: list[Stage] = []
    for channel in reversed(placement.readout):
        _add_channel(stages, channel, circuit.wires)
    steps = zip(circuit.operations, placement.after, strict=True)
    for operation, channels in reversed(list(steps)):
        for channel in reversed(channels):
            _add_channel(stages, channel, circuit.wires)
        _add_operation(stages, operation, circuit.wires)
    return stages


def digit(wires: int, wire: int) -> np.ndarray:
    """The Pauli on one wire of every string, (4**wires,): 0 to 3 for I, X, Y, Z."""
    return np.arange(4**wires) >> 2 * (wires - 1 - wire) & 3


def _add_channel(stages: list[Stage], channel: Channel, wires: int) -> None:
    if stages and isinstance(stages[-1], Local):
        stages[-1].items.setdefault(channel.wire, []).append(channel)
        return
    monomial = _last_monomial(stages, wires)
    monomial.factor *= np.array(channel.factors)[digit(wires, channel.wire)]


def _add_operation(stages: list[Stage], operation: Operation, wires: int) -> None:
    if len(operation.wires) == 1:
        if not (stages and isinstance(stages[-1], Local)):
            stages.append(Local())
        stages[-1].items.setdefault(operation.wires[0], []).append(operation)
        return
    clifford = operation.name in SELF_INVERSE and signed_permutation(heisenberg(operation.name, ()))
    if not clifford:
        stages.append(Pair(operation))
        return
    source, sign = clifford
    pair = [digit(wires, wire) for wire in operation.wires]
    local = 4 * pair[0] + pair[1]
    first, second = (2 * (wires - 1 - wire) for wire in operation.wires)
    change = ((source[local] >> 2) - pair[0] << first) + ((source[local] & 3) - pair[1] << second)
    _last_monomial(stages, wires).then(np.arange(4**wires) + change, sign[local])


def _last_monomial(stages: list[Stage], wires: int) -> Monomial:
    if not (stages and isinstance(stages[-1], Monomial)):
        stages.append(Monomial(np.arange(4**wires), np.ones(4**wires)))
    return stages[-1]


def _matrix(operation: Operation, parameters: np.ndarray) -> np.ndarray:
    return heisenberg(operation.name, angle_values(operation, parameters, None))


def _product(items: Sequence[Operation | Channel], parameters: np.ndarray) -> np.ndarray:
    product = np.eye(4)
    for item in items:
        if isinstance(item, Channel):
            product = np.array(item.factors)[:, None] * product
        else:
            product = _matrix(item, parameters) @ product
    return product
