"""Independent reference for the devices: PennyLane's gate matrices in NumPy, one gate at a time.

Gradients come from the four-term parameter-shift rule, exact for generators with eigenvalue gaps
1/2 and 1 (Anselmetti et al. 2021, arXiv:2104.05695), applied to every occurrence of an angle.
"""

from __future__ import annotations

import numpy as np
import pennylane as qml
from qmu.circuits.angles import angle_values, feature_terms
from qmu.circuits.circuit import Circuit, Feature, FeatureProduct, Operation, Parameter

SHIFTS = (
    (np.pi / 2, (np.sqrt(2) + 1) / (4 * np.sqrt(2))),
    (3 * np.pi / 2, -(np.sqrt(2) - 1) / (4 * np.sqrt(2))),
)


def random_circuit(
    rng: np.random.Generator, wires: int, gates: int, embedding: str, features: int = 0
) -> Circuit:
    """A circuit with every kind of gate, shared parameters and, for angles, features throughout."""
    arity = {
        **dict.fromkeys(("RX", "RY", "RZ", "PhaseShift"), (1, 1)),
        **dict.fromkeys(("U3", "Rot"), (1, 3)),
        **dict.fromkeys(("PauliX", "PauliY", "PauliZ", "Hadamard"), (1, 0)),
        **dict.fromkeys(("CNOT", "CZ", "CY", "SWAP"), (2, 0)),
        **dict.fromkeys(("CRX", "CRY", "CRZ", "ControlledPhaseShift"), (2, 1)),
        **dict.fromkeys(("IsingXX", "IsingYY", "IsingZZ"), (2, 1)),
    }
    names = rng.permutation([*arity] * (gates // len(arity) + 1))[:gates]
    parameters = gates // 2
    operations = []
    for name in names:
        size, angles = arity[str(name)]
        on = tuple(int(wire) for wire in rng.permutation(wires)[:size])
        operations.append(
            Operation(
                str(name), on, tuple(_angle(rng, parameters, features) for _ in range(angles))
            )
        )
    measured = tuple(int(wire) for wire in rng.permutation(wires)[: wires - 1])
    return Circuit(wires, embedding, tuple(operations), measured, parameters, features)


def _angle(rng: np.random.Generator, parameters: int, features: int):
    kind = rng.integers(4 if features else 2)
    if kind == 0:
        return float(rng.normal())
    if kind == 2:
        return Feature(int(rng.integers(features)), float(rng.normal()), 0.3)
    if kind == 3:
        pair = (Feature(int(rng.integers(features)), 0.7, -0.2) for _ in range(2))
        return FeatureProduct(*pair)
    if rng.integers(2):
        return Parameter(int(rng.integers(parameters)))
    return Parameter(int(rng.integers(parameters)), float(rng.choice([-1.0, 0.5, 2.0])), 0.4)


def random_inputs(rng: np.random.Generator, circuit: Circuit, batch: int, *, complex_=False):
    """Unit vectors of amplitudes, or angles."""
    inputs = rng.normal(size=(batch, circuit.input_size))
    if circuit.embedding == "angle":
        return inputs
    if complex_:
        inputs = inputs + 1j * rng.normal(size=inputs.shape)
    return inputs / np.linalg.norm(inputs, axis=1, keepdims=True)


def evolve(circuit: Circuit, angles: list[tuple[float, ...]], state: np.ndarray) -> np.ndarray:
    """The state (2**wires,) after the operations with the given angles."""
    tensor = state.reshape((2,) * circuit.wires)
    for operation, values in zip(circuit.operations, angles, strict=True):
        gate = getattr(qml, operation.name)(*values, wires=list(operation.wires))
        count = len(operation.wires)
        matrix = gate.matrix().reshape((2,) * (2 * count))
        tensor = np.tensordot(matrix, tensor, (range(count, 2 * count), operation.wires))
        tensor = np.moveaxis(tensor, range(count), operation.wires)
    return tensor.reshape(-1)


def initial(circuit: Circuit, sample: np.ndarray) -> np.ndarray:
    """The state that the operations start from."""
    if circuit.embedding == "amplitude":
        return sample
    return np.eye(2**circuit.wires)[0]


def observable(circuit: Circuit, weights: np.ndarray) -> np.ndarray:
    """Diagonal (2**wires,) of ``sum_k weights[k] Z_k``."""
    states = np.arange(2**circuit.wires)
    bits = [(states >> (circuit.wires - 1 - wire)) & 1 for wire in circuit.measured]
    return sum(weight * (1 - 2 * bit) for weight, bit in zip(weights, bits, strict=True))


def resolved(circuit: Circuit, parameters: np.ndarray, sample: np.ndarray):
    """The angles of every operation."""
    return [angle_values(operation, parameters, sample) for operation in circuit.operations]


def values(circuit: Circuit, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """<Z> (B, K)."""
    rows = []
    for sample in inputs:
        state = evolve(circuit, resolved(circuit, parameters, sample), initial(circuit, sample))
        units = np.eye(len(circuit.measured))
        rows.append([np.abs(state) ** 2 @ observable(circuit, unit) for unit in units])
    return np.array(rows)


def gradients(circuit: Circuit, parameters, inputs, weights) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of ``sum(weights * <Z>)``: parameters (P,), inputs (B, input_size)."""
    by_parameter = np.zeros(circuit.parameters)
    by_input = np.zeros_like(inputs)
    for row, (sample, weight) in enumerate(zip(inputs, weights, strict=True)):
        angles = resolved(circuit, parameters, sample)
        diagonal = observable(circuit, weight)
        for place, operation in enumerate(circuit.operations):
            for position, angle in enumerate(operation.angles):
                if isinstance(angle, float):
                    continue
                slope = _slope(circuit, angles, place, position, initial(circuit, sample), diagonal)
                if isinstance(angle, Parameter):
                    by_parameter[angle.index] += angle.scale * slope
                for feature, chain in feature_terms(angle, sample):
                    by_input[row, feature] += chain * slope
        if circuit.embedding == "amplitude":
            units = np.eye(2**circuit.wires)
            unitary = np.stack([evolve(circuit, angles, unit) for unit in units], axis=1)
            ascent = 2 * unitary.conj().T @ (diagonal * (unitary @ sample))
            by_input[row] = ascent.conj() if np.iscomplexobj(inputs) else ascent.real
    return by_parameter, by_input


def _slope(circuit, angles, place, position, state, diagonal) -> float:
    total = 0.0
    for shift, coefficient in SHIFTS:
        for sign in (1, -1):
            moved = list(angles[place])
            moved[position] += sign * shift
            changed = [*angles[:place], tuple(moved), *angles[place + 1 :]]
            final = evolve(circuit, changed, state)
            total += sign * coefficient * float(np.abs(final) ** 2 @ diagonal)
    return total
