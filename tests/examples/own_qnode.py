"""A user's file with the least that it needs: amplitudes, layers, Pauli-Z; a dense head follows."""

import pennylane as qml

QUBITS = 4

input_size = 2**QUBITS
weight_shapes = {"weights": qml.StronglyEntanglingLayers.shape(n_layers=2, n_wires=QUBITS)}


@qml.qnode(qml.device("default.qubit"))
def circuit(inputs, weights):
    qml.AmplitudeEmbedding(inputs, wires=range(QUBITS), normalize=True)
    qml.StronglyEntanglingLayers(weights, wires=range(QUBITS))
    return [qml.expval(qml.PauliZ(wire)) for wire in range(QUBITS)]
