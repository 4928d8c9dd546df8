"""The quantum Fisher information of a circuit's pure states by its angles, averaged over inputs.

F_ij = 4 Re(<d_i psi|d_j psi> - <d_i psi|psi><psi|d_j psi>), four times the metric tensor of Stokes
et al. 2020 (Quantum 4, 269, arXiv:1909.02108). It knows no label and no measurement: an angle that
no expectation value depends on counts as well. An angle that turns one Pauli rotation has F_ii =
1 - <P>^2, between 0 and 1. The Fisher information of the probabilities of bit strings lies below
it; that of class probabilities need not, for the head reads expectation values and not outcomes.

The derivatives of the states are exact, in the model's precision; sums are taken in float64. What
is billed is what hardware needs. The matrix takes 2 P_q^2 - P_q overlaps of states with shifted
angles for each input (Mari, Bromley and Killoran 2021, arXiv:2008.06517), each one execution of a
circuit twice as deep: counted as P_q gradients, or P_q (2 P_q + 1) executions. The diagonal, P_q
overlaps, counts as one gradient. Both hold for angles that turn one Pauli rotation each; angles
of controlled or of several gates take more shifts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from qmu.lazy import jax, jnp
from qmu.models.curvature import ROWS, pieces
from qmu.models.model import Model, Parameters
from qmu.models.states import embedding

from .problem import Data, Problem

# Complex amplitudes of derivatives that are held at once.
AMPLITUDES = 2**21


def matrix(problem: Problem, data: Data) -> np.ndarray:
    """The mean Fisher matrix over the inputs of ``data``, (P, P) float64, symmetric and positive
    semidefinite; costs P gradients for every input."""
    problem.ledger.gradient_evaluations += problem.model.circuit_parameters * len(data)
    found = fisher(problem.model, problem.parameters, data.inputs, diagonal=False)
    return (found + found.T) / 2


def diagonal(problem: Problem, data: Data) -> np.ndarray:
    """The diagonal of `matrix` in the shape of the circuit's angles, float64; costs one gradient
    for every input."""
    problem.ledger.gradient_evaluations += len(data)
    found = fisher(problem.model, problem.parameters, data.inputs, diagonal=True)
    return found.reshape(np.shape(problem.parameters["circuit"]))


def drawn(problem: Problem, data: Data, inputs: int, role: str) -> Data:
    """At most so many rows of ``data``, drawn at random under the name ``role``."""
    rows = problem.generator("quantum fisher", role).permutation(len(data))[:inputs]
    return Data(data.inputs[rows], data.labels[rows])


def solved(information: np.ndarray, damping: float, gradient: Any) -> np.ndarray:
    """(F + damping I)^-1 times the gradient by the angles, in its shape."""
    regular = information + damping * np.eye(len(information))
    flat = np.asarray(gradient, np.float64).reshape(-1)
    return np.linalg.solve(regular, flat).reshape(np.shape(gradient))


def fisher(
    model: Model, parameters: Parameters, inputs: np.ndarray, *, diagonal: bool
) -> np.ndarray:
    """The mean over inputs (n, d) of F, (P, P), or of its diagonal, (P,), in float64."""
    count = model.circuit_parameters
    rows = max(1, min(ROWS, len(inputs), AMPLITUDES // (count * 2**model.wires)))
    program, total = _program(model, diagonal), 0.0
    unused = np.zeros(len(inputs), int)
    for part, _, weights in pieces(inputs, unused, rows, model.dtype):
        total = total + np.asarray(program(parameters, part, weights), np.float64)
    return total / len(inputs)


@lru_cache(maxsize=8)
def _program(model: Model, diagonal: bool) -> Callable[..., Any]:
    """``f(parameters, inputs (n, d), weights (n,))``: the weighted sum of F over inputs."""
    jacobian = _jacobian(model)

    def total(parameters: Parameters, inputs: Any, weights: Any) -> Any:
        states, tangents = jacobian(parameters, inputs)
        along = jnp.einsum("pns,ns->pn", tangents.conj(), states)
        if diagonal:
            lengths = jnp.sum(jnp.abs(tangents) ** 2, axis=2)
            return 4 * (lengths - jnp.abs(along) ** 2) @ weights
        weighted = tangents * weights[None, :, None]
        products = jnp.einsum("ins,jns->ij", tangents.conj(), weighted)
        return 4 * (products - (along * weights[None]) @ along.conj().T).real

    return jax.jit(total)


def _jacobian(model: Model) -> Callable[..., Any]:
    """``f(parameters, inputs (n, d)) -> states (n, s), their derivatives by the angles (P, n, s)``.

    The engine knows no forward mode, so a derivative along one angle is that of a pull-back by the
    states that are pulled.
    """
    from qmu.simulators.statevector.engine import states_function

    precision = "double" if np.dtype(model.dtype) == np.float64 else "single"
    evolve = states_function(model.circuit, precision)

    def jacobian(parameters: Parameters, inputs: Any) -> Any:
        entered = embedding(model)(parameters, inputs)

        def split(angles: Any) -> Any:
            states = evolve(angles, entered)
            return jnp.stack([states.real, states.imag])

        angles = parameters["circuit"].reshape(-1)
        parts, pull = jax.vjp(split, angles)
        push = jax.vjp(pull, jnp.zeros_like(parts))[1]
        basis = jnp.eye(len(angles), dtype=angles.dtype)
        tangents = jax.vmap(lambda row: push((row,))[0])(basis)
        return jax.lax.complex(parts[0], parts[1]), jax.lax.complex(tangents[:, 0], tangents[:, 1])

    return jacobian
