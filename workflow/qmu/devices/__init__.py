"""Expectation values and their gradients on any device, behind one function.

The device is named as PennyLane names it; everything heavy is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from qmu.circuits.circuit import Circuit

DEFAULT_MEMORY = 2**30
"""Bytes that one call on a host device may take before the batch is split."""


def expectation_function(
    circuit: Circuit,
    *,
    device: str = "lightning.qubit",
    precision: Literal["single", "double"] = "double",
    route: Literal["auto", "pennylane"] = "auto",
    memory: int = DEFAULT_MEMORY,
) -> Callable[[Any, Any], Any]:
    """``f(parameters, inputs) -> <Z>`` of the circuit on a device.

    Shapes: parameters (P,) in radians, inputs (B, circuit.input_size) real or complex, result
    (B, len(circuit.measured)) as float32 (``single``) or float64 (``double``). ``f`` is traceable
    by JAX (jit, scan, vmap) and reverse-mode differentiable in both arguments where the device
    has gradients. ``memory`` (bytes) bounds one call on a Lightning device. ``route="pennylane"``
    forces PennyLane's own ``default.qubit``.

    Raises ValueError for an unknown device, a device that is not installed, a gate that no engine
    knows, or ``double`` without JAX's 64-bit mode.
    """
    from .build import build

    return build(circuit, device, precision, route, memory)
