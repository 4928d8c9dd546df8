"""A circuit as arrays: one matrix on one target qubit per step, under an optional control.

Arrays instead of gate objects keep the compiled program as small as one step, whatever the depth.
Neighbouring gates on one qubit are merged into one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np

from qmu.circuits.circuit import Angle, FeatureProduct, Operation, Parameter

LONGEST_CHAIN = 4
"""Most gates that are merged into one step; longer chains would be padded for all steps."""

_CONTROLLED = {
    **{"CNOT": "PauliX", "CY": "PauliY", "CZ": "PauliZ", "CRX": "RX", "CRY": "RY", "CRZ": "RZ"},
    "ControlledPhaseShift": "PhaseShift",
}


@dataclass(frozen=True)
class Program:
    """``gates`` are one-qubit gates; ``steps[s, level]`` says which of them step s multiplies.

    A step without a gate at a level has ``len(gates)`` there (identity). ``targets`` and
    ``controls`` are bit masks (S,) over basis states, a control of 0 meaning none.
    """

    gates: tuple[Operation, ...]
    steps: np.ndarray
    targets: np.ndarray
    controls: np.ndarray


def compile_program(operations: Sequence[Operation], wires: int) -> Program:
    """The program for one-angle gates (see ``gates.one_angle_gates``)."""
    gates: list[Operation] = []
    chains: list[list[int]] = []
    targets, controls = [], []
    open_chains: dict[int, int] = {}
    for operation in [simple for one in operations for simple in _simplified(one)]:
        *control, target = operation.wires
        name = _CONTROLLED[operation.name] if control else operation.name
        chain = None if control else open_chains.get(target)
        if chain is None or len(chains[chain]) == LONGEST_CHAIN:
            chain = len(chains)
            chains.append([])
            targets.append(1 << (wires - 1 - target))
            controls.append(sum(1 << (wires - 1 - wire) for wire in control))
        for wire in operation.wires:
            open_chains.pop(wire, None)
        if not control:
            open_chains[target] = chain
        chains[chain].append(len(gates))
        gates.append(Operation(name, (target,), operation.angles))
    levels = max(map(len, chains), default=1)
    steps = [chain + [len(gates)] * (levels - len(chain)) for chain in chains]
    return Program(
        gates=tuple(gates),
        steps=np.array(steps, dtype=np.int32).reshape(-1, levels),
        targets=np.array(targets, dtype=np.int32),
        controls=np.array(controls, dtype=np.int32),
    )


def _simplified(operation: Operation) -> list[Operation]:
    """SWAP and the Ising gates from CNOTs and one-qubit gates; others as they are."""
    name, wires = operation.name, operation.wires
    if name == "SWAP":
        return [Operation("CNOT", pair) for pair in (wires, wires[::-1], wires)]
    if not name.startswith("Ising"):
        return [operation]
    cnot = Operation("CNOT", wires)
    core = [cnot, Operation("RZ", wires[1:], operation.angles), cnot]
    if name == "IsingZZ":
        return core
    if name == "IsingXX":
        change = [Operation("Hadamard", (wire,)) for wire in wires]
        return [*change, *core, *change]
    before = [Operation("RX", (wire,), (pi / 2,)) for wire in wires]
    after = [Operation("RX", (wire,), (-pi / 2,)) for wire in wires]
    return [*before, *core, *after]


@dataclass(frozen=True)
class AngleTable:
    """Angles as arrays: ``constant + slope * parameters[index] + first factor * second factor``.

    ``index`` (A,) is -1 where no parameter stands. The factors are ``(rows, feature, scale,
    shift)`` arrays over the angles ``rows`` that see the data; a plain feature has a second factor
    of scale 0 and shift 1.
    """

    constant: np.ndarray
    index: np.ndarray
    slope: np.ndarray
    rows: np.ndarray
    feature: np.ndarray
    scale: np.ndarray
    shift: np.ndarray


def angle_table(angles: Sequence[Angle]) -> AngleTable:
    """The arrays for a list of angles; ``feature``, ``scale`` and ``shift`` have shape (2, R)."""
    trained = [angle if isinstance(angle, Parameter) else None for angle in angles]
    fixed = [angle if isinstance(angle, int | float) else 0.0 for angle in angles]
    fixed = [c if t is None else t.shift for c, t in zip(fixed, trained, strict=True)]
    index = [-1 if angle is None else angle.index for angle in trained]
    slope = [0.0 if angle is None else angle.scale for angle in trained]
    factors = {}
    for row, angle in enumerate(angles):
        if isinstance(angle, FeatureProduct):
            pair = (angle.first, angle.second)
            factors[row] = [(one.index, one.scale, one.shift) for one in pair]
        elif not isinstance(angle, Parameter | int | float):
            factors[row] = [(angle.index, angle.scale, angle.shift), (0, 0.0, 1.0)]
    table = np.array(list(factors.values()), dtype=float).reshape(-1, 2, 3)
    feature, scale, shift = np.moveaxis(table, (2, 1), (0, 1))
    return AngleTable(
        constant=np.array(fixed, dtype=float),
        index=np.array(index, dtype=np.int32),
        slope=np.array(slope, dtype=float),
        rows=np.array(list(factors), dtype=np.int32),
        feature=feature.astype(np.int32),
        scale=scale,
        shift=shift,
    )
