"""How much of a model's signal a noisy device leaves, by embedding.

For every choice of settings: gates, the product of their fidelities, the fidelity of the embedding,
slope and correlation of noisy against ideal expectation values, and the model's accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..circuits.circuit import Circuit
from ..errors import QmuError
from . import local
from .circuit import Template, template
from .prepare import prepare
from .settings import Settings


def signal(exact: np.ndarray, noisy: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line from exact to noisy <Z>, and their correlation.

    Both over all samples and wires at once. Raises ValueError for different shapes and for exact
    values that are all the same.
    """
    ideal, found = np.asarray(exact, float), np.asarray(noisy, float)
    if ideal.shape != found.shape:
        raise ValueError(f"shapes differ: {ideal.shape} and {found.shape}")
    ideal, found = ideal.ravel() - ideal.mean(), found.ravel() - found.mean()
    variance = float(ideal @ ideal)
    if not variance:
        raise ValueError("the exact values are all the same: no slope")
    spread = float(np.sqrt(variance * (found @ found)))
    slope = float(ideal @ found) / variance
    return slope, float(ideal @ found) / spread if spread else 0.0


@dataclass(frozen=True)
class Case:
    """A trained model on samples: ``head`` maps <Z> (n, K) to logits (n, classes)."""

    name: str
    circuit: Circuit
    angles: np.ndarray
    states: np.ndarray
    labels: np.ndarray
    head: Callable[[np.ndarray], np.ndarray]


def rows(case: Case, backend: Any, choices: Sequence[Settings]) -> list[dict[str, Any]]:
    """One row per choice; what a circuit too wide for exact simulation lacks is None."""
    exact = template(case.circuit, case.angles, case.states, Settings(embedding="tree"))
    ideal = ideal_expectations(exact)
    return [_row(case, ideal, backend, settings) for settings in choices]


def _row(case: Case, ideal: np.ndarray, backend: Any, settings: Settings) -> dict[str, Any]:
    prepared = prepare(case.circuit, case.angles, case.states, backend, settings)
    row: dict[str, Any] = {
        "model": case.name,
        "backend": backend.name,
        "embedding": settings.embedding,
        "layers": prepared.layers,
        "compact": settings.compact,
        "samples": prepared.samples,
        "two_qubit_gates": prepared.two_qubit_gates,
        "product_of_fidelities": prepared.product_of_fidelities,
        "fidelity_mean": float(prepared.fidelity.mean()),
        "fidelity_min": float(prepared.fidelity.min()),
        "slope": None,
        "correlation": None,
        "accuracy_ideal": _accuracy(case, ideal),
        "accuracy_embedded": None,
        "accuracy_noisy": None,
        "agreement": None,
    }
    try:
        embedded = local.expectations(prepared, backend, noisy=False)
        noisy = local.expectations(prepared, backend)
    except QmuError:
        return row
    slope, correlation = signal(ideal, noisy)
    same = np.argmax(case.head(noisy), axis=1) == np.argmax(case.head(ideal), axis=1)
    return row | {
        "slope": slope,
        "correlation": correlation,
        "accuracy_embedded": _accuracy(case, embedded),
        "accuracy_noisy": _accuracy(case, noisy),
        "agreement": float(same.mean()),
    }


def ideal_expectations(drawn: Template) -> np.ndarray:
    """<Z> (n, K) of a template before transpilation, by qiskit's state vectors."""
    from qiskit.quantum_info import Statevector

    wires = drawn.circuit.num_qubits
    # Qubit 0 is the fastest bit of qiskit's index.
    bits = np.arange(2**wires)[:, None] >> np.arange(wires) & 1
    outcomes = (1.0 - 2.0 * (bits @ drawn.masks.T.astype(int) & 1)) * drawn.signs
    found = []
    for values in drawn.values:
        bound = drawn.circuit.assign_parameters(dict(zip(drawn.parameters, values, strict=True)))
        found.append(Statevector(bound).probabilities() @ outcomes)
    return np.array(found)


def _accuracy(case: Case, values: np.ndarray) -> float:
    return float(np.mean(np.argmax(case.head(values), axis=1) == case.labels))


def write(path: str | Path, table: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as Parquet, all at once or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ..tables import atomic

    with atomic(path) as temporary:
        pq.write_table(pa.Table.from_pylist([dict(row) for row in table]), temporary)
