"""How much of a model's signal a noisy device leaves, by embedding.

Exact amplitude embedding takes hundreds of two-qubit gates and drowns in the noise of a device; an
approximate one takes fewer and is not what the model was trained on. Which of them leaves more is
measured here, on a fake backend whose noise is simulated.

For every choice of settings: gates, the product of their fidelities, the fidelity of the embedding,
slope and correlation of noisy against ideal expectation values, and the model's accuracy, also
after a linear correction of every wire that was fitted on other images. Exact expectation values
hide what a small slope costs: shots by the factor 1 / slope**2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from qmu.circuits.circuit import Circuit
from qmu.devices import correction as linear_correction
from qmu.devices.checks import require
from qmu.errors import QmuError
from qmu.ibm import local
from qmu.ibm.prepare import prepare
from qmu.ibm.settings import Settings
from qmu.ibm.template import Template, template
from qmu.metrics.distances import slope_and_correlation
from qmu.strict import Strict

Layers = Annotated[int, Field(ge=1, le=40)]


class Config(Strict):
    """Every model's target of the first seed on a fake backend, by embedding: gates, signal left in
    ``<Z>``, accuracy. Of the test images, ``images`` are asked about; as many validation images fit
    the linear correction.

    Embeddings: ``tree`` (exact), matrix-product states of so many ``layers``, and of as few as keep
    every image within ``max_infidelity``. Accuracies are those of exact expectation values and,
    corrected, of ``shots`` executions an image. ``compact`` keeps to a line of as many qubits as
    the circuit has, which 8 qubits need for their noise to be simulated. On 8 qubits the
    defaults take about 40 seconds of CPU per model.
    """

    backend: Annotated[str, StringConstraints(pattern=r"^[Ff]ake[A-Za-z0-9_]{1,60}$")] = (
        "fake_torino"
    )
    images: Annotated[int, Field(ge=10, le=10_000)] = 64
    shots: Annotated[int, Field(ge=1, le=1_000_000)] = 4096
    tree: bool = True
    layers: tuple[Layers, ...] = (1, 2, 4, 6, 8)
    max_infidelity: Annotated[float, Field(ge=0, lt=1)] | None = 0.05
    compact: bool = True
    optimization_level: Annotated[int, Field(ge=0, le=3)] = 3
    transpiler_seeds: Annotated[int, Field(ge=1, le=200)] = 12

    @model_validator(mode="after")
    def _possible(self) -> Config:
        if len(set(self.layers)) < len(self.layers):
            raise ValueError("layers: a value stands there twice")
        if not (self.tree or self.layers or self.max_infidelity is not None):
            raise ValueError("tree, layers, max_infidelity: at least one embedding is needed")
        return self

    def choices(self) -> list[Settings]:
        """The settings to compare, fewest gates first; a fixed number of layers asks for no
        fidelity."""
        shared = {
            name: getattr(self, name) for name in ("compact", "optimization_level", "shots")
        } | {"transpiler_seeds": self.transpiler_seeds}
        choices = [
            Settings(**shared, layers=count, max_layers=40, max_infidelity=1.0)
            for count in sorted(self.layers)
        ]
        if self.max_infidelity is not None:
            choices.append(Settings(**shared, max_infidelity=self.max_infidelity))
        if self.tree:
            choices.append(Settings(**shared, embedding="tree"))
        return choices


def check(config: Config, where: str) -> None:
    """ConfigError where the client of the fake backend or the simulator of its noise is missing."""
    require(where, "qiskit_ibm_runtime", "qiskit_aer")


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
    figures: dict[str, Any] = {
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
        return figures | dict.fromkeys(MEASURED)
    frequencies = rng.multinomial(settings.shots, chances) / settings.shots
    noisy, sampled = (local.parities(part, prepared) for part in (chances, frequencies))
    return figures | _measured(case, exact, embedded, noisy, sampled)


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
    slope, correlation = slope_and_correlation(exact[shown], noisy[shown])
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


def _corrected(values: np.ndarray, exact: np.ndarray, shown: int) -> np.ndarray:
    """The first ``shown`` rows by lines that the others fit."""
    lines = linear_correction.fit(values[shown:], exact[shown:])
    return linear_correction.apply(lines, values[:shown])


def ideal_expectations(drawn: Template) -> np.ndarray:
    """<Z> (n, K) of a template before transpilation, by qiskit's state vectors."""
    from qiskit.quantum_info import Statevector

    wires = drawn.circuit.num_qubits
    # Qubit 0 is the fastest bit of qiskit's index.
    bits = np.arange(2**wires)[:, None] >> np.arange(wires) & 1
    outcomes = (1.0 - 2.0 * (bits @ drawn.masks.T.astype(int) & 1)) * drawn.signs
    expectations = []
    for values in drawn.values:
        bound = drawn.circuit.assign_parameters(dict(zip(drawn.parameters, values, strict=True)))
        expectations.append(Statevector(bound).probabilities() @ outcomes)
    return np.array(expectations)
