"""How entangled a circuit's layers leave the pairs of qubits that they couple.

A layer is a run of two-qubit gates with what stands before it: its angles are those of the gates
since the run before, and its own. What follows the last run belongs to it. A pair's entanglement is
the concurrence of its reduced state (Wootters 1998, Phys. Rev. Lett. 80, 2245,
arXiv:quant-ph/9709029), right behind the run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from qmu.circuits.circuit import Circuit, Parameter
from qmu.lazy import jax
from qmu.models.chunks import chunk_size, in_chunks
from qmu.models.model import Model
from qmu.models.states import embedding

from .problem import Data, Problem

# Settings in which a pair is measured to reconstruct its state: a Pauli basis for each qubit.
SETTINGS = 9
# sigma_y x sigma_y.
FLIP = np.diag([-1.0, 1.0, 1.0, -1.0])[::-1]


@dataclasses.dataclass(frozen=True)
class Layer:
    """``end``: operations up to and with the run; ``pairs`` that it couples, each once; ``angles``:
    indices of the parameters."""

    end: int
    pairs: tuple[tuple[int, int], ...]
    angles: tuple[int, ...]


def layers(circuit: Circuit) -> list[Layer]:
    """The layers of a circuit; none where no gate has two qubits. An angle that turns gates of
    several layers belongs to the first."""
    operations, found, start, seen = circuit.operations, [], 0, set()
    width = [len(operation.wires) for operation in operations]
    ends = [n + 1 for n, w in enumerate(width) if w > 1 and width[n + 1 : n + 2] != [2]]
    for number, end in enumerate(ends, start=1):
        own = operations[start:] if number == len(ends) else operations[start:end]
        angles = dict.fromkeys(
            angle.index
            for operation in own
            for angle in operation.angles
            if isinstance(angle, Parameter) and angle.index not in seen
        )
        pairs = {tuple(sorted(o.wires)) for o in operations[start:end] if len(o.wires) > 1}
        found.append(Layer(end, tuple(sorted(pairs)), tuple(angles)))
        seen |= angles.keys()
        start = end
    return found


def concurrence(states: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """The concurrence, (n,) from 0 to 1, of two wires of pure states (n, 2**w)."""
    wires = states.shape[1].bit_length() - 1
    apart = states.reshape(-1, *[2] * wires)
    apart = np.moveaxis(apart, [1 + wire for wire in pair], (1, 2)).reshape(len(states), 4, -1)
    # With rho = W W', the square roots of the eigenvalues of rho (flipped rho) are the singular
    # values of W^T flip W: no root is taken of what is zero but for rounding.
    left, sizes, _ = np.linalg.svd(apart, full_matrices=False)
    root = left * sizes[:, None]
    values = np.linalg.svd(root.transpose(0, 2, 1) @ FLIP @ root, compute_uv=False)
    return np.maximum(0.0, values[:, 0] - values[:, 1:].sum(axis=1))


def weights(problem: Problem, data: Data) -> np.ndarray:
    """For every angle (P,) the mean concurrence of its layer's pairs over the inputs; costs
    `SETTINGS` forward evaluations for every pair and input. An angle without a layer has 0."""
    model = problem.model
    found = np.zeros(model.circuit_parameters)
    for layer in layers(model.circuit):
        problem.ledger.forward_evaluations += SETTINGS * len(layer.pairs) * len(data)
        program = _states_behind(model, layer.end)
        states = in_chunks(
            lambda rows, program=program: program(problem.parameters, rows),
            data.inputs,
            min(len(data), chunk_size(model.wires)),
        )
        found[list(layer.angles)] = np.mean([concurrence(states, pair) for pair in layer.pairs])
    return found


@lru_cache(maxsize=256)
def _states_behind(model: Model, end: int) -> Callable[..., Any]:
    from qmu.simulators.statevector.engine import states_function

    precision = "double" if np.dtype(model.dtype) == np.float64 else "single"
    begun = dataclasses.replace(model.circuit, operations=model.circuit.operations[:end])
    evolve = states_function(begun, precision)
    return jax.jit(lambda p, x: evolve(p["circuit"].reshape(-1), embedding(model)(p, x)))
