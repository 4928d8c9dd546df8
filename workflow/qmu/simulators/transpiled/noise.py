"""Aer's noise model of a backend's calibration, made once and for the qubits that are used only.

Depolarising and relaxation after each gate, and readout errors; idle qubits decay only in a circuit
with explicit delays. Building it for all 133 qubits of a backend takes seconds, a circuit uses few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .gates import NoisyGates


def noise_model(backend: Any, qubits: tuple[int, ...] | None = None) -> Any:
    """Aer's ``NoiseModel`` for the given physical qubits and the gates between them, or for all."""
    return _noise_model(_Identity(backend), qubits)


def noisy_gates(backend: Any, qubits: tuple[int, ...] | None = None) -> NoisyGates:
    """The matrices of the backend's noisy gates, kept between simulations."""
    return _noisy_gates(_Identity(backend), qubits)


def used_by(isa: Any) -> tuple[int, ...]:
    """The physical qubits that a transpiled circuit touches, ascending."""
    return tuple(sorted({isa.find_bit(qubit).index for step in isa.data for qubit in step.qubits}))


@dataclass(frozen=True)
class _Part:
    """What `NoiseModel.from_backend` asks of a backend."""

    target: Any
    operation_names: list[str]
    dt: float | None
    version: int = 2


def _part(backend: Any, qubits: tuple[int, ...]) -> _Part:
    from qiskit.transpiler import Target

    whole, wanted = backend.target, set(qubits)
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    for name in whole.operation_names:
        known = whole[name]
        # A control flow operation has no places and no errors.
        if None in known:
            continue
        places = {place: value for place, value in known.items() if wanted.issuperset(place)}
        if places:
            part.add_instruction(whole.operation_from_name(name), places, name=name)
    return _Part(part, list(backend.operation_names), backend.dt)


class _Identity:
    """A hashable handle of an object that need not be hashable."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.value is self.value


@lru_cache(maxsize=4)
def _noise_model(handle: _Identity, qubits: tuple[int, ...] | None) -> Any:
    from qiskit_aer.noise import NoiseModel

    backend = handle.value
    return NoiseModel.from_backend(backend if qubits is None else _part(backend, qubits))


@lru_cache(maxsize=4)
def _noisy_gates(handle: _Identity, qubits: tuple[int, ...] | None) -> NoisyGates:
    return NoisyGates(noise_model(handle.value, qubits))
