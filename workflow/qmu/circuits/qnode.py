"""A circuit's PennyLane quantum function, the reference that all other engines are held to.

PennyLane: Bergholm et al. 2018 (arXiv:1811.04968).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .angles import angle_values
from .circuit import Circuit


def operations(circuit: Circuit, parameters: Any, inputs: Any) -> list[Any]:
    """PennyLane operations of the embedding and the ansatz, in time order.

    ``parameters`` (P,) radians; ``inputs`` (input_size,), or (samples, input_size) for a
    broadcasting device. Amplitudes are taken as they are: they must have norm 1.
    """
    import pennylane as qml

    applied = []
    if circuit.embedding == "amplitude":
        applied.append(qml.StatePrep(inputs, wires=range(circuit.wires), validate_norm=False))
    for operation in circuit.operations:
        angles = angle_values(operation, parameters, inputs)
        applied.append(getattr(qml, operation.name)(*angles, wires=list(operation.wires)))
    return applied


def quantum_function(circuit: Circuit) -> Callable[[Any, Any], list[Any]]:
    """The function ``f(parameters, inputs)`` that a ``pennylane.QNode`` executes.

    It applies ``operations`` and returns the expectation value of Pauli-Z on each measured wire.
    """
    import pennylane as qml

    def function(parameters: Any, inputs: Any) -> list[Any]:
        operations(circuit, parameters, inputs)
        return [qml.expval(qml.PauliZ(wire)) for wire in circuit.measured]

    return function
