"""One parametrised qiskit circuit for all samples: embedding, ansatz with bound weights, readout.

Qubit k of the circuit is wire k. PennyLane counts wire 0 as the most significant bit and qiskit
qubit 0 as the least; nothing here depends on it, because all results are read by wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.circuits.angles import angle_value, angle_values, depends_on_inputs
from qmu.circuits.circuit import Circuit, Operation
from qmu.circuits.embedding import mps as mps_embedding
from qmu.circuits.embedding import tree as tree_embedding
from qmu.circuits.gates import check_supported, parities, split_tail
from qmu.errors import QmuError

from .settings import Settings

# PennyLane's names and qiskit's methods; both take the same angles in the same order.
_METHODS = {
    **{"RX": "rx", "RY": "ry", "RZ": "rz", "PhaseShift": "p", "U3": "u"},
    **{"PauliX": "x", "PauliY": "y", "PauliZ": "z", "Hadamard": "h"},
    **{"CNOT": "cx", "CZ": "cz", "CY": "cy", "SWAP": "swap"},
    **{"CRX": "crx", "CRY": "cry", "CRZ": "crz", "ControlledPhaseShift": "cp"},
    **{"IsingXX": "rxx", "IsingYY": "ryy", "IsingZZ": "rzz"},
}


@dataclass(frozen=True)
class Template:
    """The circuit before transpilation and what its parameters are for the samples.

    ``circuit`` (qiskit, not measured), ``parameters``: its parameters in the order of the columns
    of ``values`` (n, A) radians; ``fidelity`` (n,) of the embedding; ``layers`` of an mps
    embedding, else 0; ``masks`` (K, wires) bool: outcome k is the parity of these wires, times
    ``signs`` (K,).
    """

    circuit: Any
    parameters: list[Any]
    values: np.ndarray
    fidelity: np.ndarray
    layers: int
    masks: np.ndarray
    signs: np.ndarray


def template(
    circuit: Circuit, angles: np.ndarray, states: np.ndarray, settings: Settings
) -> Template:
    """The ``Template`` of a circuit with weights ``angles`` (P,) for ``states`` (n, input_size).

    Raises QmuError for weights and inputs of another shape or not finite, for amplitudes that the
    embedding cannot prepare, and for a gate without counterpart.
    """
    weights, inputs = _checked(circuit, angles, states)
    core, tail = split_tail(circuit.operations)
    kept, folded = (core, tail) if settings.fold else ([*core, *tail], [])
    masks, signs = parities(folded, circuit)
    if circuit.embedding == "amplitude":
        drawn, parameters, values, fidelity, layers = _embedding(circuit.wires, inputs, settings)
        drawn = drawn.compose(ansatz(circuit.wires, kept, weights))
    else:
        drawn, parameters, values = _with_data(circuit.wires, kept, weights, inputs)
        fidelity, layers = np.ones(len(inputs)), 0
    shifts = np.arange(circuit.wires)[::-1]
    bits = (masks[:, None] >> shifts & 1).astype(bool)
    return Template(drawn, parameters, values, fidelity, layers, bits, np.asarray(signs))


def ansatz(wires: int, operations: Sequence[Operation], weights: np.ndarray) -> Any:
    """Operations that see no data as a qiskit circuit without parameters."""
    from qiskit import QuantumCircuit

    drawn = QuantumCircuit(wires)
    for operation in operations:
        bound = [float(value) for value in angle_values(operation, weights, np.zeros(0))]
        _append(drawn, operation, bound)
    return drawn


def _append(drawn: Any, operation: Operation, angles: Sequence[Any]) -> None:
    if operation.name == "Rot":
        first, middle, last = angles
        for name, angle in zip(("rz", "ry", "rz"), (first, middle, last), strict=True):
            getattr(drawn, name)(angle, *operation.wires)
        return
    getattr(drawn, _METHODS[operation.name])(*angles, *operation.wires)


def _embedding(wires: int, states: np.ndarray, settings: Settings) -> tuple[Any, ...]:
    if settings.embedding == "tree":
        values = tree_embedding.angles(states)
        drawn, parameters = tree_embedding.circuit(wires)
        return drawn, parameters, values, np.ones(len(states)), 0
    found = mps_embedding.embed(
        states,
        layers=settings.layers,
        max_infidelity=settings.max_infidelity,
        max_layers=settings.max_layers,
    )
    drawn, parameters = mps_embedding.circuit(wires, found.layers)
    return drawn, parameters, found.angles, found.fidelity, found.layers


def _with_data(
    wires: int, operations: Sequence[Operation], weights: np.ndarray, inputs: np.ndarray
) -> tuple[Any, list[Any], np.ndarray]:
    """The circuit with one parameter per data angle, the parameters, and their values (n, A)."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    seeing = [operation for operation in operations if depends_on_inputs(operation)]
    angles = [angle for operation in seeing for angle in operation.angles]
    vector = ParameterVector("data", len(angles))
    columns = [
        np.broadcast_to(angle_value(angle, weights, inputs), len(inputs)) for angle in angles
    ]
    drawn, used = QuantumCircuit(wires), 0
    for operation in operations:
        count = len(operation.angles)
        if depends_on_inputs(operation):
            _append(drawn, operation, [vector[used + place] for place in range(count)])
            used += count
        else:
            _append(drawn, operation, angle_values(operation, weights, np.zeros(0)))
    values = np.stack(columns, axis=1) if columns else np.zeros((len(inputs), 0))
    return drawn, list(vector), values


def _checked(circuit: Circuit, angles: Any, states: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        check_supported(circuit)
    except ValueError as error:
        raise QmuError(f"hardware: {error}") from None
    weights, inputs = np.asarray(angles, dtype=float).reshape(-1), np.asarray(states)
    if weights.shape != (circuit.parameters,):
        raise QmuError(f"hardware: {weights.size} angles for a circuit of {circuit.parameters}")
    if inputs.ndim != 2 or inputs.shape[1] != circuit.input_size or not len(inputs):
        raise QmuError(
            f"hardware: inputs have shape {inputs.shape}, not (samples, {circuit.input_size})"
        )
    if not (np.isfinite(weights).all() and np.isfinite(inputs).all()):
        raise QmuError("hardware: angles and inputs must be finite numbers")
    return weights, inputs
