"""A backend's calibration, reduced to the qubits and pairs that a job used, for the manifest."""

from __future__ import annotations

from typing import Any

from qmu.errors import QmuError

from .folder import JobRecord


def snapshot(properties: Any, record: JobRecord | None, backend_name: str) -> dict[str, Any]:
    """T1, T2 (seconds), readout and gate errors and the date, as plain JSON types.

    Values that the backend does not state are null. Without a record of what the job used, all
    qubits are included.
    """
    used = set(record.qubits) if record and record.qubits else set(range(len(properties.qubits)))
    pairs = {tuple(sorted(pair)) for pair in record.pairs} if record and record.pairs else None
    gates = []
    for gate in properties.gates:
        places = tuple(gate.qubits)
        if not set(places) <= used:
            continue
        if len(places) > 1 and pairs is not None and tuple(sorted(places)) not in pairs:
            continue
        values = {item.name: item.value for item in gate.parameters}
        if "gate_error" in values:
            gates.append(
                {"gate": gate.gate, "qubits": list(places), "error": float(values["gate_error"])}
            )
    return {
        "available": True,
        "backend": backend_name,
        "backend_version": str(properties.backend_version),
        "date": properties.last_update_date.isoformat(),
        "qubits": [_qubit(properties, qubit) for qubit in sorted(used)],
        "gates": gates,
    }


def unavailable(backend_name: str, reason: str) -> dict[str, Any]:
    """The snapshot of a backend that did not state its calibration."""
    return {"available": False, "backend": backend_name, "reason": reason}


def _qubit(properties: Any, qubit: int) -> dict[str, Any]:
    if qubit >= len(properties.qubits):
        raise QmuError(f"calibration of {properties.backend_name}: it has no qubit {qubit}")
    values = properties.qubit_property(qubit)
    stated = {name: float(values[name][0]) for name in values}
    return {
        "qubit": qubit,
        "t1": stated.get("T1"),
        "t2": stated.get("T2"),
        "readout_error": stated.get("readout_error"),
    }
