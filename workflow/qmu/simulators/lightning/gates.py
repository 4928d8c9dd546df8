"""The gates of a circuit as Lightning takes them: a name, the wires, and the angles of a call.

All angles of a circuit are resolved in one NumPy step; what does not change between calls, the
names and the shifted wires, is made once for each position of the first wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qmu.circuits.angles import angle_value, depends_on_inputs, feature_terms
from qmu.circuits.circuit import Operation, Parameter
from qmu.circuits.gates import one_angle_gates, rotations


@dataclass(frozen=True)
class Placed:
    """Gates in time order: names, wires and angles in radians, one entry per gate."""

    names: list[str]
    wires: list[list[int]]
    angles: list[list[float]]


class BoundGates:
    """The gates of a circuit, given their angles at each call, on shifted wires.

    merge: U3 stays one gate (cheaper to execute, but it has no adjoint derivative).
    inverse: the inverse circuit.
    """

    def __init__(
        self, operations: Sequence[Operation], *, merge: bool = False, inverse: bool = False
    ) -> None:
        gates = rotations(operations) if merge else one_angle_gates(operations)
        if inverse:
            gates = [
                Operation(gate.name, gate.wires, gate.angles[::-1]) for gate in reversed(gates)
            ]
        self.gates = gates
        self._sign = -1.0 if inverse else 1.0
        self._angles = [angle for gate in gates for angle in gate.angles]
        trained = [(n, a) for n, a in enumerate(self._angles) if isinstance(a, Parameter)]
        self._trained = np.array([position for position, _ in trained], int)
        self._indices = np.array([angle.index for _, angle in trained], int)
        self._slopes = np.array([angle.scale for _, angle in trained], float)
        self._fixed = np.array(
            [angle if isinstance(angle, int | float) else 0.0 for angle in self._angles], float
        )
        self._fixed[self._trained] = [angle.shift for _, angle in trained]
        self._on_data = [
            (position, angle)
            for position, angle in enumerate(self._angles)
            if not isinstance(angle, Parameter | int | float)
        ]
        self._names = [gate.name for gate in gates]
        self._wires: dict[int, list[list[int]]] = {}
        self.data_dependent = any(depends_on_inputs(gate) for gate in gates)

    @property
    def trainable(self) -> list[int]:
        """Positions of the ``Parameter`` angles among all angles, ascending."""
        return self._trained.tolist()

    @property
    def data_positions(self) -> list[int]:
        """Positions of the angles that depend on the data, counted as in ``trainable``."""
        return [position for position, _ in self._on_data]

    def bind(
        self, parameters: np.ndarray, inputs: np.ndarray | None = None
    ) -> Callable[[int], Placed]:
        """The angles for parameters (P,) and one sample's inputs (features,).

        Returns a function of the first wire that gives the gates.
        """
        values = self._fixed.copy()
        values[self._trained] += self._slopes * parameters[self._indices]
        for position, angle in self._on_data:
            values[position] = angle_value(angle, parameters, inputs)
        remaining = iter((self._sign * values).tolist())
        angles = [[next(remaining) for _ in gate.angles] for gate in self.gates]
        return lambda first_wire: Placed(self._names, self._shifted(first_wire), angles)

    def collect(self, derivative: np.ndarray, parameters: int) -> np.ndarray:
        """Sum derivatives, one per ``trainable`` angle, into the (parameters,) they belong to."""
        weights = self._slopes * derivative
        return np.bincount(self._indices, weights=weights, minlength=parameters)

    def collect_features(self, derivative: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """The chain rule from ``data_positions`` angles to one sample's features."""
        gradient = np.zeros(len(inputs))
        for (_, angle), value in zip(self._on_data, derivative, strict=True):
            for feature, slope in feature_terms(angle, inputs):
                gradient[feature] += slope * value
        return gradient

    def _shifted(self, first_wire: int) -> list[list[int]]:
        if first_wire not in self._wires:
            self._wires[first_wire] = [
                [first_wire + wire for wire in gate.wires] for gate in self.gates
            ]
        return self._wires[first_wire]
