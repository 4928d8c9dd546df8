"""The angles of a circuit's gates in radians, for given parameters and data.

Every engine resolves its angles here, so that an angle has one meaning on all devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .circuit import Angle, Circuit, Feature, FeatureProduct, Operation, Parameter

# Gates that a full turn of their angle leaves with the opposite sign on a part of the register.
HALF_TURNED = frozenset({"CRX", "CRY", "CRZ"})


def angle_value(angle: Angle, parameters: Any, inputs: Any) -> Any:
    """One angle in radians: a scalar, or an array over samples where it depends on the data.

    ``parameters`` has shape (P,), ``inputs`` (features,) or (samples, features); numpy and JAX
    arrays both work.
    """
    if isinstance(angle, Parameter):
        value = parameters[angle.index]
        return value if (angle.scale, angle.shift) == (1.0, 0.0) else _affine(angle, value)
    if isinstance(angle, Feature):
        return _affine(angle, inputs[..., angle.index])
    if isinstance(angle, FeatureProduct):
        first = angle_value(angle.first, parameters, inputs)
        return first * angle_value(angle.second, parameters, inputs)
    return angle


def _affine(angle: Parameter | Feature, value: Any) -> Any:
    return angle.scale * value + angle.shift


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


def periods(circuit: Circuit) -> np.ndarray:
    """The turn (P,) in radians of each parameter that changes no expectation value: 2 pi, and 4 pi
    where it turns a controlled gate, whose sign then is no global phase; by the smallest scale that
    it enters with, of which the others are whole multiples."""
    found = np.zeros(circuit.parameters)
    for operation in circuit.operations:
        turn = (4 if operation.name in HALF_TURNED else 2) * np.pi
        for angle in operation.angles:
            if isinstance(angle, Parameter):
                found[angle.index] = max(found[angle.index], turn / abs(angle.scale))
    return np.where(found > 0, found, 2 * np.pi)


def wrapped(angles: np.ndarray, circuit: Circuit) -> np.ndarray:
    """The same ``angles``, in whatever shape, by whole turns (`periods`) to within half a turn of
    0, upper end included; no expectation value changes."""
    turn = periods(circuit).reshape(angles.shape)
    inside = (angles > -turn / 2) & (angles <= turn / 2)
    turned = turn / 2 - np.mod(turn / 2 - angles, turn)
    return np.where(inside, angles, turned).astype(angles.dtype)


def depends_on_inputs(operation: Operation) -> bool:
    """Whether an angle of the operation is a function of the data."""
    return any(isinstance(angle, Feature | FeatureProduct) for angle in operation.angles)
