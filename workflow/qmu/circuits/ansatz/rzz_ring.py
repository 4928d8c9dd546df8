"""Quantum classifier of Chen and Zhang 2025 (arXiv:2508.02422): RX, RY, RX and a ring of RZZ.

RECONSTRUCTED where the text is silent: every RZZ has an angle of its own. A layer has ``3 * wires``
rotations, qubit by qubit, then one RZZ per pair of the ring; <Z> of the last wire is read out. The
last ring commutes with it and the rotations of all other wires before that ring never reach it:
of the last layer three angles are alive.
"""

from __future__ import annotations

from qmu.circuits.circuit import Circuit, Operation, Parameter, ring

ROTATIONS = ("RX", "RY", "RX")


def circuit(wires: int, layers: int) -> Circuit:
    """Amplitudes in, <Z> of the last wire; ``4 * wires * layers`` parameters on 3 wires or more."""
    gates = [(name, (wire,)) for wire in range(wires) for name in ROTATIONS]
    gates += [("IsingZZ", pair) for pair in ring(wires)]
    operations = tuple(
        Operation(name, on, (Parameter(index),)) for index, (name, on) in enumerate(gates * layers)
    )
    return Circuit(
        wires=wires,
        embedding="amplitude",
        operations=operations,
        measured=(wires - 1,),
        parameters=len(operations),
    )
