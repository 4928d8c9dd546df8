"""Expectation values and their gradients on any device, behind one function.

The device is named as PennyLane names it; everything heavy is imported when it is first needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import jax
import numpy as np

from qmu.circuits.angles import depends_on_inputs
from qmu.circuits.circuit import Circuit, Parameter
from qmu.circuits.gates import check_supported, without_dead_gates

from . import capabilities
from .callback import checked, traceable
from .fused import engine as fused
from .memory import DEFAULT_MEMORY
from .statevector import engine as statevector

Engine = Callable[[Any, Any], Any]
LIGHTNING = ("lightning.qubit", "lightning.gpu", "lightning.kokkos")


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
    return _built(circuit, device, precision, route, memory)


@lru_cache(maxsize=64)
def _built(circuit: Circuit, device: str, precision: str, route: str, memory: int) -> Engine:
    """One function per set of arguments."""
    capabilities.check(device, precision=precision, shots=None)
    capabilities.require_installed(device)
    real = _real(precision)
    if device in LIGHTNING:
        function = _lightning(circuit, device, precision, memory, real)
    elif device == "default.qubit" and route == "auto":
        function = _in_jax(circuit, precision)
    else:
        from .pennylane import expectation_function

        function = expectation_function(circuit, device, precision)
    result = checked(function, circuit.input_size, real)
    # Where the device works on the host, callers may also call it directly, outside of JAX.
    result.engine = getattr(function, "engine", None)
    return result


def _real(precision: str) -> type:
    if precision == "double" and not jax.config.jax_enable_x64:
        raise ValueError("precision 'double' needs JAX's 64-bit mode: set JAX_ENABLE_X64=1")
    return np.float32 if precision == "single" else np.float64


def _in_jax(circuit: Circuit, precision: str) -> Engine:
    embedding, ansatz = split_embedding(circuit)
    live = tuple(without_dead_gates(ansatz.operations))
    ansatz = dataclasses.replace(ansatz, operations=live)
    if ansatz.parameters and fused.applies(ansatz):
        function = fused.expectation_function(ansatz, precision)
        return function if embedding is None else _embedded(embedding, function, precision)
    return statevector.expectation_function(circuit, precision)


def _lightning(circuit: Circuit, device: str, precision: str, memory: int, real: type) -> Engine:
    from qmu.simulators.lightning.register import LightningRegister

    check_supported(circuit)
    embedding, ansatz = split_embedding(circuit)
    if any(depends_on_inputs(operation) for operation in ansatz.operations):
        from qmu.simulators.lightning.samples import LightningSamples

        engine = LightningSamples(circuit, device, precision)
        return traceable(engine, len(circuit.measured), real)
    engine = LightningRegister(ansatz, device, precision, memory)
    function = traceable(engine, len(circuit.measured), real)
    return function if embedding is None else _embedded(embedding, function, precision)


def _embedded(embedding: Circuit, function: Engine, precision: str) -> Engine:
    """The function of amplitudes, fed with the states of an angle embedding."""
    embed = statevector.states_function(embedding, precision)
    nothing = np.zeros(0)
    return lambda parameters, inputs: function(parameters, embed(nothing, inputs))


def split_embedding(circuit: Circuit) -> tuple[Circuit | None, Circuit]:
    """The leading operations without parameters as a circuit, and the rest fed with its states.

    ``(None, circuit)`` for amplitude embedding. After an angle embedding at the start, the rest is
    an amplitude-embedded circuit and a whole batch fits into one index register.
    """
    if circuit.embedding == "amplitude":
        return None, circuit
    count = 0
    for operation in circuit.operations:
        if any(isinstance(angle, Parameter) for angle in operation.angles):
            break
        count += 1
    embedding = dataclasses.replace(
        circuit, operations=circuit.operations[:count], parameters=0, measured=()
    )
    ansatz = dataclasses.replace(
        circuit, embedding="amplitude", operations=circuit.operations[count:]
    )
    return embedding, ansatz
