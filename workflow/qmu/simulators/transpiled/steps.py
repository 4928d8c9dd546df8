"""A transpiled circuit as few steps on pairs of qubits, the same for all samples.

One-qubit gates are merged into the two-qubit gates after them, and neighbouring two-qubit gates
on one pair (a routed SWAP is three) into one step. The plan also says which qubits certainly are
in |0> without noise, because a routing qubit that has handed its content on need not be carried.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qmu.errors import QmuError

from .components import Components
from .gates import NoisyGates, kron, rotations_z

EMPTY = 1e-10
"""Chance of |1> below which a qubit of the ideal circuit is empty."""
_IGNORED = ("barrier", "measure")


@dataclass
class Step:
    """Gates on one pair in time order: (qubit or None for both, matrix or an RZ's affine angle).

    ``done`` lists which of the pair's qubits nothing reads afterwards, ``empty`` which are used
    again but in |0> for every sample.
    """

    pair: tuple[int, ...]
    gates: list[tuple[int | None, Any]] = field(default_factory=list)
    done: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()

    def matrix(self, values: np.ndarray) -> np.ndarray:
        """The product (n or 1, 16, 16), or (n or 1, 4, 4) on one qubit, for ``values`` (n, A)."""
        size = 4 ** len(self.pair)
        product = np.eye(size)[None]
        pending = {qubit: np.eye(4)[None] for qubit in self.pair}
        for qubit, gate in self.gates:
            if qubit is not None:
                pending[qubit] = _of(gate, values) @ pending[qubit]
                continue
            product = gate @ (self._both(pending) @ product)
            pending = {qubit: np.eye(4)[None] for qubit in self.pair}
        return self._both(pending) @ product

    def _both(self, pending: dict[int, np.ndarray]) -> np.ndarray:
        if len(self.pair) == 1:
            return pending[self.pair[0]]
        return kron(pending[self.pair[1]], pending[self.pair[0]])


@dataclass(frozen=True)
class AffineAngle:
    """``constant + coefficients . values`` in radians."""

    constant: float
    coefficients: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return self.constant + values @ self.coefficients


def plan(isa: Any, gates: NoisyGates) -> list[Step]:
    """The steps of a transpiled circuit (measurements left out).

    Raises QmuError for a gate on more than two qubits, for parameters in other gates than RZ, and
    for angles that are not affine in the parameters.
    """
    steps: list[Step] = []
    open_: dict[int, Step] = {}
    waiting: dict[int, list[tuple[int | None, Any]]] = {}
    for instruction in isa.data:
        operation = instruction.operation
        if operation.name in _IGNORED:
            continue
        qubits = tuple(isa.find_bit(qubit).index for qubit in instruction.qubits)
        gate = _gate(operation, qubits, isa, gates)
        if len(qubits) == 1:
            step = open_.get(qubits[0])
            (step.gates if step else waiting.setdefault(qubits[0], [])).append((qubits[0], gate))
            continue
        step = open_.get(qubits[0])
        if step is None or set(step.pair) != set(qubits) or open_.get(qubits[1]) is not step:
            step = Step(qubits)
            steps.append(step)
            for qubit in qubits:
                step.gates += waiting.pop(qubit, [])
                open_[qubit] = step
        step.gates.append((None, gate if qubits == step.pair else _exchanged(gate)))
    steps += [Step((qubit,), gates_) for qubit, gates_ in waiting.items()]
    return steps


def mark_done(steps: list[Step], measured: Collection[int]) -> None:
    """Note in ``steps`` which qubits nothing reads afterwards: tracing them out is exact."""
    later = set(measured)
    for step in reversed(steps):
        step.done = tuple(qubit for qubit in step.pair if qubit not in later)
        later.update(step.pair)


def mark_empty(steps: list[Step], ideal: list[Step], values: np.ndarray, last: Any) -> None:
    """Note in ``steps`` which qubits are in |0> until they are used again.

    ``ideal`` are the same steps without noise. ``values`` (n, A) are generic angles: what they
    leave in |0> is empty for every sample. ``last`` maps a qubit to its last step.
    """
    state = Components(len(values))
    for number, (step, clean) in enumerate(zip(steps, ideal, strict=True)):
        state.apply(clean.pair, clean.matrix(values))
        step.empty = tuple(
            qubit
            for qubit in step.pair
            if last[qubit] > number and np.max(state.chance_of_one(qubit)) < EMPTY
        )
        state.drop(step.empty + step.done)


def _gate(operation: Any, qubits: tuple[int, ...], isa: Any, gates: NoisyGates) -> Any:
    if len(qubits) > 2:
        raise QmuError(f"hardware: the simulation knows no gate {operation.name!r} on 3 qubits")
    if not any(getattr(value, "parameters", None) for value in operation.params):
        return gates.matrix(operation, qubits)
    if operation.name != "rz" or gates.channel("rz", qubits) is not None:
        raise QmuError(
            "hardware: the simulation wants parameters in noiseless RZ gates only, found one in "
            f"{operation.name!r}"
        )
    return _affine(operation.params[0], list(isa.parameters))


def _affine(expression: Any, parameters: list[Any]) -> AffineAngle:
    used = sorted(expression.parameters, key=parameters.index)

    def at(values: list[float]) -> float:
        return float(expression.bind(dict(zip(used, values, strict=True))))

    constant = at([0.0] * len(used))
    coefficients = np.zeros(len(parameters))
    for place, parameter in enumerate(used):
        unit = [float(other == place) for other in range(len(used))]
        coefficients[parameters.index(parameter)] = at(unit) - constant
    probe = np.linspace(0.3, 1.1, len(used))
    found = coefficients[[parameters.index(parameter) for parameter in used]] @ probe
    if abs(at(list(probe)) - constant - found) > 1e-9:
        raise QmuError(f"hardware: the angle {expression} is not affine in the parameters")
    return AffineAngle(constant, coefficients)


def _of(gate: Any, values: np.ndarray) -> np.ndarray:
    return rotations_z(gate(values)) if isinstance(gate, AffineAngle) else gate[None]


def _exchanged(matrix: np.ndarray) -> np.ndarray:
    return matrix.reshape(4, 4, 4, 4).transpose(1, 0, 3, 2).reshape(16, 16)
