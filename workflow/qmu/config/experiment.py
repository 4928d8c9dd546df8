"""A validated experiment: the common part, and the components that it names."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from qmu import registry
from qmu.audit.verdicts.risk import Risk
from qmu.circuits.circuit import Circuit
from qmu.data.dataset import Description
from qmu.ibm.jobs.folder import PAID
from qmu.models.model import circuit_of
from qmu.strict import Strict
from qmu.studies import signal as signal_study
from qmu.studies import sweep as sweep_study

from .sections import Evaluation, Features, Fleet, Retrain, Samples, Shadows, Simulation


class Common(Strict):
    """Everything but the components' own sections."""

    experiment: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    root_seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=10**6)]], Field(min_length=1)]
    memory_gib: Annotated[float, Field(gt=0)] = 8
    samples: Samples = Samples()
    features: Features = Features()
    simulation: Simulation = Simulation()
    fleet: Fleet = Fleet()
    retrain: Retrain = Retrain()
    shadows: Shadows = Shadows()
    evaluation: Evaluation = Evaluation()
    risk: Risk = Risk()

    @field_validator("experiment")
    @classmethod
    def _free(cls, name: str) -> str:
        if f"results/{name}" == PAID:
            raise ValueError(f"{name!r} is the folder that keeps paid results, choose another name")
        return name


class Entry(Strict):
    """A named component with its validated settings."""

    name: str
    component: str
    settings: dict[str, Any]


class Experiment(Strict):
    """A validated experiment: the common part, then the components by name."""

    common: Common
    dataset: Entry
    forget: Entry
    models: dict[str, Entry]
    unlearning: dict[str, Entry]
    attacks: dict[str, Entry]
    quality: dict[str, Entry]
    devices: dict[str, Entry]
    sweep: sweep_study.Config | None
    signal: signal_study.Config | None

    @property
    def variants(self) -> list[str]:
        """Names of all variants of a model: target, retrain, then the unlearning methods."""
        return ["target", "retrain", *self.unlearning]

    @cached_property
    def data(self) -> Description:
        """What the data set says of itself."""
        module = registry.load("data", self.dataset.component)
        return module.describe(module.Config(**self.dataset.settings))

    def width(self, model: str) -> int:
        """Numbers per row that a model reads of the pool."""
        reads = registry.load("models", self.models[model].component).CARD.inputs
        return self.common.features.components if reads == "features" else self.data.width

    @property
    def circuits(self) -> dict[str, Circuit]:
        """The circuits of the quantum models, by the models' names."""
        circuits = {}
        for name, entry in self.models.items():
            module = registry.load("models", entry.component)
            circuit = circuit_of(module, module.Config(**entry.settings))
            if circuit is not None:
                circuits[name] = circuit
        return circuits
