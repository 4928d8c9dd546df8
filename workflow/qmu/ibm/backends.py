"""Backends by name, transpilation once for all samples, and what the calibration promises."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from qmu import seeds
from qmu.errors import QmuError, suggestion

from .lines import best_line, edges_within
from .settings import Settings, is_fake
from .template import Template

_NATIVE = ("cz", "ecr", "cx", "rz", "sx", "x", "id")
_NO_GATES = ("barrier", "measure", "delay", "reset")


def backend(name: str, service: Any = None) -> Any:
    """The backend ``name``: a fake one such as ``FakeTorino`` or ``fake_torino`` with IBM's
    recorded calibration, or the service's.

    Raises QmuError for an unknown name, with the nearest known one.
    """
    if is_fake(name):
        return _fake(name.lower().replace("_", ""))
    if service is None:
        raise QmuError(
            f"backend {name!r} needs an IBM Quantum account; without one use a fake backend such "
            "as 'FakeTorino'"
        )
    try:
        return service.backend(name)
    except Exception as error:
        from qiskit_ibm_runtime.exceptions import QiskitBackendNotFoundError

        if not isinstance(error, QiskitBackendNotFoundError | ValueError | LookupError):
            raise
        known = [known.name for known in service.backends()]
        raise QmuError(f"unknown backend {name!r}.{suggestion(name, known)}") from None


@lru_cache(maxsize=8)
def _fake(name: str) -> Any:
    from qiskit_ibm_runtime import fake_provider

    classes = {
        found.lower(): found
        for found in dir(fake_provider)
        if found.startswith("Fake") and "Provider" not in found
    }
    found = classes.get(name) or classes.get(f"{name}v2")
    if found is None:
        raise QmuError(f"unknown fake backend {name!r}.{suggestion(name, classes)}")
    return getattr(fake_provider, found)()


def transpiled(template: Template, backend: Any, settings: Settings) -> Any:
    """The template's circuit for the backend's gates and couplings: the best of several seeds.

    For a sampler it ends with the measurement of the wires that any outcome needs, into the
    register ``meas``. Fewest two-qubit gates win, then the highest product of fidelities. Raises
    QmuError where the backend has too few qubits.
    """
    from qiskit.transpiler import generate_preset_pass_manager

    drawn = template.circuit.copy()
    if drawn.num_qubits > backend.num_qubits:
        raise QmuError(
            f"backend {backend.name} has {backend.num_qubits} qubits, the circuit "
            f"{drawn.num_qubits}"
        )
    if settings.primitive == "sampler":
        from qiskit import ClassicalRegister

        wires = measured_wires(template)
        register = ClassicalRegister(len(wires), "meas")
        drawn.add_register(register)
        drawn.measure(wires, register)
    place = _placement(drawn, backend) if settings.compact else {"backend": backend}
    best = None
    for number in range(settings.transpiler_seeds):
        seed = int(seeds.generator("hardware", "transpiler", number).integers(2**31))
        manager = generate_preset_pass_manager(
            settings.optimization_level, seed_transpiler=seed, **place
        )
        found = manager.run(drawn)
        rank = (two_qubit_gates(found), -product_of_fidelities(found, backend))
        if best is None or rank < best[0]:
            best = (rank, found)
    return best[1]


def _placement(drawn: Any, backend: Any) -> dict[str, Any]:
    """The transpiler's arguments for the best line of as many qubits as the circuit has."""
    from qiskit.transpiler import CouplingMap

    line = best_line(backend, drawn.num_qubits, two_qubit_gates(drawn))
    couplings = CouplingMap()
    for qubit in range(backend.num_qubits):
        couplings.add_physical_qubit(qubit)
    for edge in edges_within(backend, line):
        couplings.add_edge(*edge)
    gates = [name for name in backend.operation_names if name in _NATIVE]
    return {"coupling_map": couplings, "basis_gates": gates, "initial_layout": line}


def measured_wires(template: Template) -> list[int]:
    """The wires that at least one outcome reads, in ascending order: bit k is the k-th of them."""
    return [int(wire) for wire in np.flatnonzero(template.masks.any(axis=0))]


def columns(isa: Any, template: Template) -> np.ndarray:
    """Parameter values (n, A') in the order that the primitives read, that of ``isa.parameters``.

    It is sorted by name and lacks what the transpiler removed, so it is not the template's order.
    """
    places = {parameter: place for place, parameter in enumerate(template.parameters)}
    return template.values[:, [places[parameter] for parameter in isa.parameters]]


def two_qubit_gates(isa: Any) -> int:
    """Gates on two or more qubits."""
    return sum(
        len(instruction.qubits) > 1
        for instruction in isa.data
        if instruction.operation.name not in _NO_GATES
    )


def product_of_fidelities(isa: Any, backend: Any) -> float:
    """The product of ``1 - error`` over all gates (no readout), from the backend's calibration."""
    total = 1.0
    for instruction in isa.data:
        if instruction.operation.name in _NO_GATES:
            continue
        qubits = tuple(isa.find_bit(qubit).index for qubit in instruction.qubits)
        properties = backend.target[instruction.operation.name].get(qubits)
        error = getattr(properties, "error", None)
        total *= 1.0 - (error if error is not None else 0.0)
    return total
