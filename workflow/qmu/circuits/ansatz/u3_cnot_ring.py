"""Ansatz of Su et al. 2025 (arXiv:2509.06086): U3 on every qubit, then a ring of CNOTs.

Angles are stored layer by layer, qubit by qubit, in the order (theta, phi, delta), so that
``parameters.reshape(layers, wires, 3)`` reads them. The last layer's phi never reaches <Z>.
"""

from __future__ import annotations

from qmu.circuits.circuit import Circuit, Operation, Parameter, turns


def circuit(wires: int, layers: int, rotations: tuple[str, ...] = ()) -> Circuit:
    """Amplitudes in, ``layers`` of {U3 on each qubit; CNOT 0-1, ..., last-0}, <Z> of every wire.

    With ``rotations``, features (radians) enter by these gates instead (see `turns`).
    """
    operations = turns(wires, rotations)
    for layer in range(layers):
        for wire in range(wires):
            first = 3 * (layer * wires + wire)
            angles = (Parameter(first), Parameter(first + 1), Parameter(first + 2))
            operations.append(Operation("U3", (wire,), angles))
        if wires > 1:
            pairs = [(wire, wire + 1) for wire in range(wires - 1)] + [(wires - 1, 0)]
            operations += [Operation("CNOT", pair) for pair in pairs]
    return Circuit(
        wires=wires,
        embedding="angle" if rotations else "amplitude",
        operations=tuple(operations),
        measured=tuple(range(wires)),
        parameters=3 * wires * layers,
        features=len(rotations) * wires,
    )
