"""The configuration of ``signal``: what is left of a model's signal on a backend, by embedding.

Exact amplitude embedding takes hundreds of two-qubit gates and drowns in the noise of a device; an
approximate one takes fewer and is not what the model was trained on. Which of them leaves more is
measured here, on a fake backend whose noise is simulated.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from qmu.ibm.settings import Settings
from qmu.strict import Strict

Layers = Annotated[int, Field(ge=1, le=40)]


class Signal(Strict):
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
    def _possible(self) -> Signal:
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
        found = [
            Settings(**shared, layers=count, max_layers=40, max_infidelity=1.0)
            for count in sorted(self.layers)
        ]
        if self.max_infidelity is not None:
            found.append(Settings(**shared, max_infidelity=self.max_infidelity))
        if self.tree:
            found.append(Settings(**shared, embedding="tree"))
        return found
