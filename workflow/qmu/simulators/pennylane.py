"""Circuits on PennyLane's own devices: inside JAX, or one execution per sample on any of them.

The circuit is `quantum_function`, the reference of all engines. ``default.qubit`` and
``default.mixed`` run inside JAX (back-propagation, samples broadcast); the fast engines are tested
against them. Any other device answers sample by sample. What differs between those is how one is
made: where its seed goes, and what stands behind Qiskit's (PennyLane-Qiskit plugin).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qmu.circuits.circuit import Circuit
from qmu.circuits.qnode import quantum_function
from qmu.errors import QmuError
from qmu.lazy import jnp

TRACED = ("default.qubit", "default.mixed")
Make = Callable[[int], Any]
SEEDS = {
    "default.qubit": "seed",
    "default.mixed": "seed",
    "lightning.qubit": "seed",
    "qiskit.aer": "seed_simulator",
}
"""Devices that can be seeded, and the argument that does it."""
MAX_EXECUTION_SECONDS = 300
"""QPU time after which IBM ends the job of one image, unless the options say otherwise."""


def expectation_function(
    circuit: Circuit, device: str, precision: str
) -> Callable[[Any, Any], Any]:
    """``f(parameters (P,), inputs (B, input_size)) -> <Z> (B, K)`` on a traced device.

    Raises ValueError for a device that PennyLane does not run inside JAX.
    """
    if device not in TRACED:
        raise ValueError(f"device {device!r} does not run inside JAX; these do: {TRACED}")
    import pennylane as qml

    node = qml.QNode(
        quantum_function(circuit),
        qml.device(device, wires=circuit.wires),
        interface="jax",
        diff_method="backprop",
    )
    real = jnp.float32 if precision == "single" else jnp.float64

    def function(parameters: Any, inputs: Any) -> Any:
        values = [jnp.broadcast_to(value, inputs.shape[:1]) for value in node(parameters, inputs)]
        return jnp.stack(values, axis=1).astype(real)

    return function


def expectations(
    circuit: Circuit,
    make: Make,
    angles: np.ndarray,
    inputs: np.ndarray,
    shots: int | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """<Z> (n, K) float64 of inputs (n, input_size) with weights ``angles`` (P,) in radians.

    ``make`` gives a device for a seed: each sample gets a fresh one, so that shots of different
    samples are independent. ``shots`` None: exact values.
    """
    import pennylane as qml

    answers = []
    for row in inputs:
        seed = int(rng.integers(2**31))
        # Devices of PennyLane's older interface sample with NumPy's global generator.
        np.random.seed(seed)  # noqa: NPY002
        device = make(seed)
        node = qml.QNode(quantum_function(circuit), device, interface=None, diff_method=None)
        answers.append(np.array(qml.set_shots(node, shots)(angles, row), np.float64))
    return np.array(answers).reshape(len(inputs), len(circuit.measured))


def maker(name: str, wires: int, options: dict[str, Any], backend: Any = None) -> Make:
    """How a device is made; ``backend`` is Qiskit's, for the plugin's devices.

    A fake backend gives `qiskit.aer` its noise model. Aer's automatic choice of a method executes
    state preparation as one noiseless instruction, so noise is simulated with density matrices
    unless the options say otherwise.
    """
    import pennylane as qml

    if backend is not None and backend.num_qubits < wires:
        raise QmuError(
            f"backend {backend.name} has {backend.num_qubits} qubits, the circuit {wires}"
        )
    given: dict[str, Any] = {}
    if name == "qiskit.aer" and backend is not None:
        from qmu.simulators.transpiled.noise import noise_model

        given = {"noise_model": noise_model(backend), "method": "density_matrix"}
    elif name == "qiskit.aer":
        # Exact values need a state; with shots the same method is the fastest.
        given = {"method": "statevector"}
    elif backend is not None:
        given = {"backend": backend}

    def make(seed: int) -> Any:
        return qml.device(name, wires=wires, **given | _seeded(name, seed, backend) | options)

    return make


def _seeded(name: str, seed: int, backend: Any) -> dict[str, Any]:
    if name in SEEDS:
        return {SEEDS[name]: seed}
    if name != "qiskit.remote":
        return {}
    if getattr(backend, "service", None) is None:
        # A backend that is simulated here.
        return {"seed_transpiler": seed, "simulator": {"seed_simulator": seed}}
    return {"seed_transpiler": seed, "max_execution_time": MAX_EXECUTION_SECONDS}
