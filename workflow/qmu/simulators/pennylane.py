"""Any PennyLane device through its QNode, as the reference that the fast engines are tested with.

``default.qubit`` and ``default.mixed`` run inside JAX (back-propagation, samples broadcast).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from qmu.circuits.circuit import Circuit
from qmu.circuits.qnode import quantum_function

TRACED = ("default.qubit", "default.mixed")


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
