"""Variational classifier with data re-uploading after Malik et al. 2026 (arXiv:2601.04413).

Reconstructed: the text gives 6 qubits, 4 features in [0, pi], an RY embedding with pairwise
CX-RZ-CX blocks, two uploads, three repetitions of {RY, RZ on all qubits; CNOT ring} and 72
parameters. Ours to choose: qubit j carries feature j mod 4, the blocks couple neighbours on a
ring, each upload has its own ansatz (2 x 3 x 6 x 2 = 72), and readout qubits are 0 .. C-1.
"""

from __future__ import annotations

from math import pi
from typing import Literal

from qmu.circuits.circuit import Circuit, Feature, FeatureProduct, Operation, Parameter, ring


def circuit(
    wires: int = 6,
    features: int = 4,
    uploads: int = 2,
    repetitions: int = 3,
    classes: int = 3,
    pair_angle: Literal["product", "complement_product"] = "complement_product",
) -> Circuit:
    """Features in radians, ``2 * wires * repetitions * uploads`` parameters, <Z> of 0..classes-1.

    ``pair_angle``: the RZ between qubits i, j turns by ``x_i x_j`` (product) or by
    ``(pi - x_i)(pi - x_j)`` (complement_product). Raises ValueError for more classes than wires.
    """
    if not 1 <= classes <= wires:
        raise ValueError(f"classes must be between 1 and wires={wires}, got {classes}")
    operations: list[Operation] = []
    index = 0
    for _ in range(uploads):
        operations += _embedding(wires, features, pair_angle)
        for _ in range(repetitions):
            for wire in range(wires):
                operations.append(Operation("RY", (wire,), (Parameter(index),)))
                operations.append(Operation("RZ", (wire,), (Parameter(index + 1),)))
                index += 2
            operations += [Operation("CNOT", pair) for pair in ring(wires)]
    return Circuit(
        wires=wires,
        embedding="angle",
        operations=tuple(operations),
        measured=tuple(range(classes)),
        parameters=index,
        features=features,
    )


def _embedding(wires: int, features: int, pair_angle: str) -> list[Operation]:
    operations = [Operation("RY", (wire,), (Feature(wire % features),)) for wire in range(wires)]
    scale, shift = (1.0, 0.0) if pair_angle == "product" else (-1.0, pi)
    for first, second in ring(wires):
        angle = FeatureProduct(
            Feature(first % features, scale, shift), Feature(second % features, scale, shift)
        )
        operations.append(Operation("CNOT", (first, second)))
        operations.append(Operation("RZ", (second,), (angle,)))
        operations.append(Operation("CNOT", (first, second)))
    return operations
