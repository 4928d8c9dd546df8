"""Quantum layer of Crivoi and Ionescu 2025 (arXiv:2512.19253): angle embedding, CZ ring.

Feature j enters qubit j as RX(a) RY(a) RZ(a). Each layer is RX, RY, RZ per qubit, then CZ on
neighbours and on last-0. The last row of RZ and the last ring commute with Z: those angles are
dead, so two layers have one effective entangler.
"""

from __future__ import annotations

from qmu.circuits.circuit import Circuit, Feature, Operation, Parameter, ring

ROTATIONS = ("RX", "RY", "RZ")


def circuit(wires: int, layers: int = 2) -> Circuit:
    """One feature (radians) per wire, ``3 * wires * layers`` parameters, <Z> of all wires."""
    operations = [
        Operation(name, (wire,), (Feature(wire),)) for wire in range(wires) for name in ROTATIONS
    ]
    index = 0
    for _ in range(layers):
        for wire in range(wires):
            for name in ROTATIONS:
                operations.append(Operation(name, (wire,), (Parameter(index),)))
                index += 1
        operations += [Operation("CZ", pair) for pair in ring(wires)]
    return Circuit(
        wires=wires,
        embedding="angle",
        operations=tuple(operations),
        measured=tuple(range(wires)),
        parameters=index,
        features=wires,
    )
