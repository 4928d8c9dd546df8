"""A model of one's own: a quantum function as PennyLane users write it.

Copy this file, name the copy in a configuration (`models: {mine: {model: qnode, file: ...}}`), and
train, attack, unlearn and audit what it defines.
"""

import jax.numpy as jnp
import pennylane as qml

QUBITS = 6

# Numbers in one row of the circuit's inputs, and the shape of every argument of weights.
input_size = QUBITS
weight_shapes = {"weights": (3, QUBITS, 3), "scales": (QUBITS,)}


def circuit(inputs, weights, scales):
    """A function or a `qml.QNode`; it measures expectation values of single Pauli operators."""
    qml.AngleEmbedding(inputs, wires=range(QUBITS), rotation="Y")
    qml.StronglyEntanglingLayers(weights[:2], wires=range(QUBITS))
    # The inputs once more, each with a scale that is trained.
    qml.AngleEmbedding(scales * inputs, wires=range(QUBITS), rotation="Y")
    qml.StronglyEntanglingLayers(weights[2:], wires=range(QUBITS))
    return [qml.expval(qml.PauliZ(wire)) for wire in range(QUBITS)]


def before(parameters, inputs):
    """Optional: rows of the data (n, features) to the circuit's inputs (n, input_size)."""
    return jnp.pi * jnp.tanh(inputs @ parameters["encoder/weight"])


def after(parameters, values):
    """Optional: what was measured (n, K) to class scores (n, classes). Without it a dense layer
    follows. It is handed the parameters whose names begin with head/."""
    return values @ parameters["head/weight"] + parameters["head/bias"]


def initial_parameters(rng, width, classes):
    """Optional: NumPy arrays by name, for `before`, `after` and the weights."""
    return {
        "encoder/weight": rng.normal(size=(width, input_size)) / width,
        "scales": rng.normal(size=QUBITS, scale=0.1),
        "head/weight": rng.normal(size=(QUBITS, classes)),
        "head/bias": rng.normal(size=classes, scale=0.1),
    }
