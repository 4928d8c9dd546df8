"""Gates as an adjoint-differentiating device wants them: one angle each, no useless tail.

Adjoint differentiation (Jones and Gacon 2020, arXiv:2009.02823) needs gates with one angle and a
generator, so U3 and Rot become RZ RY RZ (a global phase is lost, expectation values do not see
it). Gates at the end that are diagonal commute with Pauli-Z and are dropped; permutations of basis
states at the end only relabel the outcomes. What is dropped has derivative zero exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .circuit import Circuit, Operation

SELF_INVERSE = frozenset({"PauliX", "PauliY", "PauliZ", "Hadamard", "CNOT", "CZ", "CY", "SWAP"})
ONE_ANGLE = frozenset(
    {
        *("RX", "RY", "RZ", "PhaseShift", "CRX", "CRY", "CRZ", "ControlledPhaseShift"),
        *("IsingXX", "IsingYY", "IsingZZ"),
    }
)
THREE_ANGLES = frozenset({"U3", "Rot"})
SUPPORTED = SELF_INVERSE | ONE_ANGLE | THREE_ANGLES

_DIAGONAL = frozenset(
    {"PauliZ", "CZ", "RZ", "PhaseShift", "CRZ", "ControlledPhaseShift", "IsingZZ"}
)
_PERMUTATION = frozenset({"PauliX", "CNOT", "SWAP"})


def check_supported(circuit: Circuit) -> None:
    """Raise ValueError where the circuit has a gate that the engines do not know."""
    unknown = sorted({operation.name for operation in circuit.operations} - SUPPORTED)
    if unknown:
        raise ValueError(
            f"no engine simulates {', '.join(unknown)}; known gates: {', '.join(sorted(SUPPORTED))}"
        )


def rotations(operations: Sequence[Operation]) -> list[Operation]:
    """U3 and Rot as one ``Rot``, the others as they are (up to a global phase)."""
    return [_as_rot(operation) for operation in operations]


def one_angle_gates(operations: Sequence[Operation]) -> list[Operation]:
    """The same unitary, up to a global phase, from gates with at most one angle."""
    gates = []
    for operation in rotations(operations):
        if operation.name == "Rot":
            names = zip(("RZ", "RY", "RZ"), operation.angles, strict=True)
            gates += [Operation(name, operation.wires, (angle,)) for name, angle in names]
        else:
            gates.append(operation)
    return gates


def _as_rot(operation: Operation) -> Operation:
    if operation.name != "U3":
        return operation
    theta, phi, delta = operation.angles
    return Operation("Rot", operation.wires, (delta, theta, phi))


def split_tail(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """``(core, tail)``: one-angle gates, and a tail that only permutes basis states.

    Diagonal gates that commute with Pauli-Z through the tail are left out of both.
    """
    return _split(one_angle_gates(operations))


def without_dead_gates(operations: Sequence[Operation]) -> list[Operation]:
    """The operations without the diagonal gates at the end that no Pauli-Z can see."""
    core, tail = _split(operations)
    return [*core, *tail]


def _split(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    blocked: set[int] = set()
    core, tail = [], []
    for operation in reversed(operations):
        free = blocked.isdisjoint(operation.wires)
        if free and operation.name in _PERMUTATION:
            tail.append(operation)
        elif not (free and operation.name in _DIAGONAL):
            blocked.update(operation.wires)
            core.append(operation)
    return core[::-1], tail[::-1]


def parities(permutations: Sequence[Operation], circuit: Circuit) -> tuple[np.ndarray, np.ndarray]:
    """The measured Pauli-Z seen from before the permutations (Heisenberg picture).

    Returns bit masks (K,) int64 over basis states, wire 0 the most significant bit, and signs
    (K,) of +-1: outcome k of basis state i is ``sign * (-1)**popcount(i & mask)``.
    """
    masks, signs = [], []
    for wire in circuit.measured:
        wires, sign = {wire}, 1
        for operation in reversed(permutations):
            if operation.name == "PauliX":
                sign = -sign if operation.wires[0] in wires else sign
            elif operation.name == "CNOT":
                control, target = operation.wires
                wires ^= {control} if target in wires else set()
            else:
                wires = {_swapped(wire, operation.wires) for wire in wires}
        masks.append(sum(1 << (circuit.wires - 1 - wire) for wire in wires))
        signs.append(sign)
    return np.array(masks, dtype=np.int64), np.array(signs)


def _swapped(wire: int, pair: tuple[int, ...]) -> int:
    return pair[1 - pair.index(wire)] if wire in pair else wire
