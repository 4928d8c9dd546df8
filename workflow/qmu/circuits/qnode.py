"""A circuit's PennyLane quantum function, and the angles of its gates for given data.

Every device executes what stands here: ``quantum_function`` is the reference, and the other
devices resolve their angles through ``angle_values``, so that an angle has one meaning.
PennyLane: Bergholm et al. 2018 (arXiv:1811.04968).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .circuit import Angle, Circuit, Feature, FeatureProduct, Operation, Parameter


def angle_value(angle: Angle, parameters: Any, inputs: Any) -> Any:
    """One angle in radians: a scalar, or an array over samples where it depends on the data.

    ``parameters`` has shape (P,), ``inputs`` (features,) or (samples, features); numpy and JAX
    arrays both work.
    """
    if isinstance(angle, Parameter):
        return parameters[angle.index]
    if isinstance(angle, Feature):
        return angle.scale * inputs[..., angle.index] + angle.shift
    if isinstance(angle, FeatureProduct):
        first = angle_value(angle.first, parameters, inputs)
        return first * angle_value(angle.second, parameters, inputs)
    return angle


def angle_values(operation: Operation, parameters: Any, inputs: Any) -> tuple[Any, ...]:
    """All angles of one operation in radians (see ``angle_value``)."""
    return tuple(angle_value(angle, parameters, inputs) for angle in operation.angles)


def feature_terms(angle: Angle, inputs: Any) -> Iterator[tuple[int, Any]]:
    """The derivatives of an angle with respect to the features: pairs (feature, value)."""
    if isinstance(angle, Feature):
        yield angle.index, angle.scale
    elif isinstance(angle, FeatureProduct):
        yield angle.first.index, angle.first.scale * angle_value(angle.second, None, inputs)
        yield angle.second.index, angle.second.scale * angle_value(angle.first, None, inputs)


def depends_on_inputs(operation: Operation) -> bool:
    """Whether an angle of the operation is a function of the data."""
    return any(isinstance(angle, Feature | FeatureProduct) for angle in operation.angles)


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
