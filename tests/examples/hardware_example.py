"""A small job for the tests of hardware evaluation."""

from functools import cache

import numpy as np
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.ibm import backends
from qmu.ibm.prepare import prepare
from qmu.ibm.settings import Settings

WIRES, LAYERS, SAMPLES = 3, 2, 4
CIRCUIT = u3_cnot_ring.circuit(WIRES, LAYERS)


@cache
def backend():
    """Five qubits in a line, with recorded noise."""
    return backends.backend("FakeManilaV2")


def states(samples=SAMPLES, wires=WIRES):
    vectors = np.random.default_rng(5).normal(size=(samples, 2**wires))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def angles():
    return np.random.default_rng(6).uniform(-np.pi, np.pi, CIRCUIT.parameters)


def job(**settings):
    """A prepared job of the tree embedding unless the settings say otherwise."""
    given = {"embedding": "tree", "transpiler_seeds": 2, "shots": 300} | settings
    return prepare(CIRCUIT, angles(), states(), backend(), Settings(**given))
