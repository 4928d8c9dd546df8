"""Quantum convolutional network on 8 qubits of Hur, Kim and Park 2022 (arXiv:2108.00661).

Three convolutions share one two-qubit unitary each over their pairs; after each, pooling applies
CRZ(a), X on the control, CRX(b) from the qubit that is dropped to the one that stays. Parameters:
the three unitaries first, then the three (a, b), so ``3 u + 6`` in all; qubit `LAST` is read out.
"""

from __future__ import annotations

from qmu.circuits.circuit import Circuit, Operation, Parameter, turns

WIRES = 8
CONVOLUTIONS = (
    ((0, 7), (0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6)),
    ((0, 6), (0, 2), (4, 6), (2, 4)),
    ((0, 4),),
)
POOLINGS = (((1, 0), (3, 2), (5, 4), (7, 6)), ((2, 0), (6, 4)), ((0, 4),))
"""Pairs (control, target) of each pooling layer."""
LAST = 4
"""The qubit that is left."""

_Gate = tuple[str, str]
"""A PennyLane name, and its wires among "a" (first) and "b" (second) of the pair."""

UNITARIES: dict[str, tuple[_Gate, ...]] = {
    "TTN": (("RY", "a"), ("RY", "b"), ("CNOT", "ab")),
    "U5": (
        *(("RX", "a"), ("RX", "b"), ("RZ", "a"), ("RZ", "b")),
        *(("CRZ", "ba"), ("CRZ", "ab")),
        *(("RX", "a"), ("RX", "b"), ("RZ", "a"), ("RZ", "b")),
    ),
    "U6": (
        *(("RX", "a"), ("RX", "b"), ("RZ", "a"), ("RZ", "b")),
        *(("CRX", "ba"), ("CRX", "ab")),
        *(("RX", "a"), ("RX", "b"), ("RZ", "a"), ("RZ", "b")),
    ),
    "U9": (("Hadamard", "a"), ("Hadamard", "b"), ("CZ", "ab"), ("RX", "a"), ("RX", "b")),
    "U13": (
        *(("RY", "a"), ("RY", "b"), ("CRZ", "ba")),
        *(("RY", "a"), ("RY", "b"), ("CRZ", "ab")),
    ),
    "U14": (
        *(("RY", "a"), ("RY", "b"), ("CRX", "ba")),
        *(("RY", "a"), ("RY", "b"), ("CRX", "ab")),
    ),
    "U15": (
        *(("RY", "a"), ("RY", "b"), ("CNOT", "ba")),
        *(("RY", "a"), ("RY", "b"), ("CNOT", "ab")),
    ),
    "SO4": (
        *(("RY", "a"), ("RY", "b"), ("CNOT", "ab")),
        *(("RY", "a"), ("RY", "b"), ("CNOT", "ab")),
        *(("RY", "a"), ("RY", "b")),
    ),
    "SU4": (
        *(("U3", "a"), ("U3", "b"), ("CNOT", "ab"), ("RY", "a"), ("RZ", "b"), ("CNOT", "ba")),
        *(("RY", "a"), ("CNOT", "ab"), ("U3", "a"), ("U3", "b")),
    ),
}
_ANGLES = {"RX": 1, "RY": 1, "RZ": 1, "CRX": 1, "CRZ": 1, "U3": 3}


def unitary_parameters(unitary: str) -> int:
    """Number of angles ``u`` of one two-qubit unitary."""
    return sum(_ANGLES.get(name, 0) for name, _ in UNITARIES[unitary])


def circuit(
    unitary: str = "SU4",
    rotations: tuple[str, ...] = (),
    measured: tuple[int, ...] = (LAST,),
) -> Circuit:
    """``3 u + 6`` parameters; 256 amplitudes, or features (radians) by ``rotations`` (see `turns`).

    Raises ValueError for a unitary that is not in ``UNITARIES``.
    """
    if unitary not in UNITARIES:
        raise ValueError(f"unitary must be one of {', '.join(UNITARIES)}, got {unitary!r}")
    size = unitary_parameters(unitary)
    operations = turns(WIRES, rotations)
    for layer, (pairs, poolings) in enumerate(zip(CONVOLUTIONS, POOLINGS, strict=True)):
        for pair in pairs:
            operations += _unitary(UNITARIES[unitary], pair, layer * size)
        for pair in poolings:
            operations += _pooling(pair, 3 * size + 2 * layer)
    return Circuit(
        wires=WIRES,
        embedding="angle" if rotations else "amplitude",
        operations=tuple(operations),
        measured=measured,
        parameters=3 * size + 6,
        features=len(rotations) * WIRES,
    )


def _unitary(gates: tuple[_Gate, ...], pair: tuple[int, int], index: int) -> list[Operation]:
    operations = []
    for name, letters in gates:
        count = _ANGLES.get(name, 0)
        wires = tuple(pair["ab".index(letter)] for letter in letters)
        angles = tuple(Parameter(index + offset) for offset in range(count))
        operations.append(Operation(name, wires, angles))
        index += count
    return operations


def _pooling(pair: tuple[int, int], index: int) -> list[Operation]:
    control, _ = pair
    return [
        Operation("CRZ", pair, (Parameter(index),)),
        Operation("PauliX", (control,)),
        Operation("CRX", pair, (Parameter(index + 1),)),
    ]
