"""State-vector simulation of any circuit in JAX, batched over samples.

Compilation does not grow with depth (``program``), memory of the gradient does not either
(``gate_scan``). A gate whose angles are parameters is one matrix for the whole batch, a gate that
sees the data one matrix per sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from qmu.circuits.circuit import Circuit, Operation
from qmu.circuits.gates import check_supported, one_angle_gates, parities, split_tail

from .matrices import step_matrices
from .program import compile_program
from .scan import Pair, scan_function


def expectation_function(circuit: Circuit, precision: str = "single") -> Callable[[Any, Any], Any]:
    """``f(parameters (P,), inputs (B, input_size)) -> <Z> (B, K)``.

    Traceable by JAX and differentiable. Raises ValueError for a gate that no engine knows.
    """
    check_supported(circuit)
    core, tail = split_tail(circuit.operations)
    masks, signs = parities(tail, circuit)
    evolve = _evolution(circuit, core, precision)

    def expectations(parameters: Any, inputs: Any) -> Any:
        real, imag = evolve(parameters, inputs)
        probabilities = jnp.square(real) + jnp.square(imag)
        odd = jax.lax.population_count(jnp.arange(2**circuit.wires)[:, None] & masks[None]) & 1
        outcomes = jnp.asarray(signs, real.dtype)[None] * (1 - 2 * odd).astype(real.dtype)
        return probabilities.T @ outcomes

    return expectations


def states_function(circuit: Circuit, precision: str = "single") -> Callable[[Any, Any], Any]:
    """``f(parameters (P,), inputs (B, input_size)) -> final states (B, 2**wires)``, complex.

    Up to a global phase. Raises ValueError for a gate that no engine knows.
    """
    check_supported(circuit)
    evolve = _evolution(circuit, one_angle_gates(circuit.operations), precision)

    def states(parameters: Any, inputs: Any) -> Any:
        real, imag = evolve(parameters, inputs)
        return jax.lax.complex(real, imag).T

    return states


def _evolution(
    circuit: Circuit, operations: Sequence[Operation], precision: str
) -> Callable[[Any, Any], Pair]:
    """``f(parameters, inputs) -> final states (2**wires, B)``."""
    real = jnp.float32 if precision == "single" else jnp.float64
    program = compile_program(operations, circuit.wires)
    matrices = step_matrices(program, real)
    scan = scan_function(program.targets, program.controls, 2**circuit.wires)

    def evolve(parameters: Any, inputs: Any) -> Pair:
        states = _initial(circuit, inputs, real)
        if not len(program.steps):
            return states
        steps = matrices(jnp.asarray(parameters), inputs)
        return scan((steps.real, steps.imag), states)

    return evolve


def _initial(circuit: Circuit, inputs: Any, real: Any) -> Pair:
    if circuit.embedding == "amplitude":
        return inputs.real.T.astype(real), inputs.imag.T.astype(real)
    zeros = jnp.zeros((2**circuit.wires, len(inputs)), real)
    return zeros.at[0].set(1), zeros
