"""How much of a model's signal a noisy device leaves, by embedding.

For every choice of settings: gates, the product of their fidelities, the fidelity of the embedding,
slope and correlation of noisy against ideal expectation values, and the model's accuracy, also
after a linear correction of every wire that was fitted on other images. Exact expectation values
hide what a small slope costs: shots by the factor 1 / slope**2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.circuits.circuit import Circuit
from qmu.devices import correction as linear_correction
from qmu.errors import QmuError
from qmu.ibm import local
from qmu.ibm.prepare import prepare
from qmu.ibm.settings import Settings
from qmu.ibm.template import Template, template


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
class SignalTarget:
    """A trained model on samples: ``head`` maps <Z> (n, K) to logits (n, classes).

    ``states`` (n, d) and their ``labels`` (n,) are what is shown; on ``others`` (m, d) the
    correction is fitted.
    """

    name: str
    circuit: Circuit
    angles: np.ndarray
    states: np.ndarray
    labels: np.ndarray
    others: np.ndarray
    head: Callable[[np.ndarray], np.ndarray]

    @property
    def inputs(self) -> np.ndarray:
        """The shown samples, then the others."""
        return np.concatenate([self.states, self.others])

    def accuracy(self, values: np.ndarray) -> float:
        """Of the shown samples, from <Z> (n or more, K)."""
        return float(np.mean(self.classes(values) == self.labels))

    def classes(self, values: np.ndarray) -> np.ndarray:
        """Predicted classes (n,) of the shown samples."""
        return np.argmax(self.head(values[: len(self.labels)]), axis=1)


def ideal(case: SignalTarget) -> np.ndarray:
    """<Z> (n + m, K) of the shown samples and the others, by state vectors."""
    drawn = template(case.circuit, case.angles, case.inputs, Settings(embedding="tree"))
    return ideal_expectations(drawn)


def row(
    case: SignalTarget,
    exact: np.ndarray,
    backend: Any,
    settings: Settings,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The figures of one choice; what a circuit too wide for exact simulation lacks is None.

    ``exact`` is what `ideal` gives; shots are drawn from ``rng``. Raises QmuError where the
    embedding does not serve every sample.
    """
    prepared = prepare(case.circuit, case.angles, case.inputs, backend, settings)
    fidelity = prepared.fidelity[: len(case.labels)]
    found: dict[str, Any] = {
        "model": case.name,
        "backend": backend.name,
        "embedding": settings.embedding,
        "layers": prepared.layers,
        "compact": settings.compact,
        "samples": len(case.labels),
        "two_qubit_gates": prepared.two_qubit_gates,
        "product_of_fidelities": prepared.product_of_fidelities,
        "fidelity_mean": float(fidelity.mean()),
        "fidelity_min": float(fidelity.min()),
        "shots": settings.shots,
        "accuracy_ideal": case.accuracy(exact),
    }
    try:
        embedded = local.expectations(prepared, backend, noisy=False)
        chances, _ = local.probabilities(prepared, backend)
    except QmuError:
        return found | dict.fromkeys(MEASURED)
    frequencies = rng.multinomial(settings.shots, chances) / settings.shots
    noisy, sampled = (local.parities(part, prepared) for part in (chances, frequencies))
    return found | _measured(case, exact, embedded, noisy, sampled)


MEASURED = (
    "slope",
    "correlation",
    "shots_factor",
    "accuracy_embedded",
    "accuracy_noisy",
    "accuracy_corrected",
    "accuracy_sampled",
    "agreement",
)
"""Figures that need the noise to be simulated."""


def _measured(
    case: SignalTarget,
    exact: np.ndarray,
    embedded: np.ndarray,
    noisy: np.ndarray,
    sampled: np.ndarray,
) -> dict[str, float | None]:
    shown = slice(len(case.labels))
    slope, correlation = signal(exact[shown], noisy[shown])
    return {
        "slope": slope,
        "correlation": correlation,
        "shots_factor": 1 / slope**2 if slope else None,
        "accuracy_embedded": case.accuracy(embedded),
        "accuracy_noisy": case.accuracy(noisy),
        "accuracy_corrected": case.accuracy(_corrected(noisy, exact, len(case.labels))),
        "accuracy_sampled": case.accuracy(_corrected(sampled, exact, len(case.labels))),
        "agreement": float(np.mean(case.classes(noisy) == case.classes(exact))),
    }


def _corrected(found: np.ndarray, exact: np.ndarray, shown: int) -> np.ndarray:
    """The first ``shown`` rows by lines that the others fit."""
    lines = linear_correction.fit(found[shown:], exact[shown:])
    return linear_correction.apply(lines, found[:shown])


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
