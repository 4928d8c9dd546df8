"""From a circuit, its weights and the samples to what a primitive is given, and its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.circuits.circuit import Circuit

from . import backends, cost, primitives
from .settings import Settings
from .template import Template, template

DIGEST_VERSION = 1
"""Raised when the same inputs begin to mean another job."""
DECIMALS = 6
"""Inputs are rounded before they are digested: the last bits, which differ between machines, must
not make a new job."""


@dataclass(frozen=True)
class Prepared:
    """One job. ``pub`` goes into ``SamplerV2.run([pub])`` or ``EstimatorV2.run([pub])``.

    ``digest`` (64 hex digits) names everything that determines the result: circuit, weights,
    samples, backend, settings. It does not change with the day's calibration, with the versions of
    the transpiler or with the angles that were found, so that a job that was paid is found again.
    ``fidelity`` (n,) of each sample's embedding, ``layers`` of an mps embedding (else 0),
    ``product_of_fidelities`` of the gates by the backend's calibration, ``bits``: the wire of each
    measured bit; outcome k is the parity of ``masks[k]`` (K, M) over the bits, times ``signs[k]``.
    """

    pub: tuple[Any, ...]
    digest: str
    primitive: str
    backend: str
    samples: int
    shots: int
    fidelity: np.ndarray
    layers: int
    two_qubit_gates: int
    product_of_fidelities: float
    cost: cost.Cost
    bits: tuple[int, ...]
    masks: np.ndarray
    signs: np.ndarray
    options: dict[str, Any]


def prepare(
    circuit: Circuit, angles: np.ndarray, states: np.ndarray, backend: Any, settings: Settings
) -> Prepared:
    """Embed ``states`` (n, input_size) and transpile once for a qiskit ``backend``.

    ``angles`` (P,) are the bound weights in radians. Raises QmuError for bad shapes, amplitudes
    that cannot be embedded as the settings ask, a circuit that is too wide, unknown gates.
    """
    drawn = template(circuit, angles, states, settings)
    isa = backends.transpiled(drawn, backend, settings)
    values = backends.columns(isa, drawn)
    bits = backends.measured_wires(drawn)
    masks = drawn.masks[:, bits]
    if settings.primitive == "sampler":
        pub: tuple[Any, ...] = (isa, values, settings.shots)
    else:
        precision = 1 / np.sqrt(settings.shots)
        pub = (isa, _observables(drawn, isa), values[:, None, :], precision)
    return Prepared(
        pub=pub,
        digest=digest(circuit, angles, states, backend.name, settings),
        primitive=settings.primitive,
        backend=backend.name,
        samples=len(values),
        shots=settings.shots,
        fidelity=drawn.fidelity,
        layers=drawn.layers,
        two_qubit_gates=backends.two_qubit_gates(isa),
        product_of_fidelities=backends.product_of_fidelities(isa, backend),
        cost=cost.estimate(primitives.coerce(pub, settings), backend, settings),
        bits=tuple(bits),
        masks=masks,
        signs=drawn.signs,
        options=dict(settings.options),
    )


def digest(
    circuit: Circuit, angles: np.ndarray, states: np.ndarray, backend: str, settings: Settings
) -> str:
    """The digest of a job, without preparing it."""
    weights = np.asarray(angles, dtype=float).reshape(-1)
    inputs = np.asarray(states)
    hashed = hashlib.sha256()
    head = [DIGEST_VERSION, repr(circuit), backend, settings.model_dump(mode="json")]
    hashed.update(json.dumps(head, sort_keys=True).encode())
    for array in (weights, inputs.real, inputs.imag):
        hashed.update(json.dumps(array.shape).encode())
        # Adding zero turns -0 into 0.
        hashed.update((np.round(array.astype("<f8"), DECIMALS) + 0.0).tobytes())
    return hashed.hexdigest()


def _observables(drawn: Template, isa: Any) -> list[Any]:
    """The outcomes as operators on the backend's qubits; signs are applied when decoding."""
    from qiskit.quantum_info import SparsePauliOp

    operators = []
    for mask in drawn.masks:
        label = "".join("Z" if on else "I" for on in mask[::-1])
        operators.append(SparsePauliOp(label).apply_layout(isa.layout))
    return operators
