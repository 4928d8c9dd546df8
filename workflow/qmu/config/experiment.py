"""A validated experiment: the common part, and the components that it names."""

from __future__ import annotations

from functools import cached_property
from types import ModuleType
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StringConstraints, field_validator, model_serializer

from qmu import registry
from qmu.audit.verdicts.risk import Risk
from qmu.circuits.circuit import Circuit
from qmu.data.dataset import Description
from qmu.data.predictions import Config as Predicted
from qmu.ibm.jobs.folder import PAID
from qmu.models.model import circuit_of, reads_of, traits
from qmu.strict import Strict
from qmu.studies import signal as signal_study
from qmu.studies import sweep as sweep_study
from qmu.unlearning.contract import missing
from qmu.variants import (
    BASELINES,
    EDITS,
    INNOCENT,
    RESIDUE,
    RETRAIN,
    innocent,
    level,
    residue,
    retrained,
)

from .sections import (
    IMAGE_COMPONENTS,
    Audit,
    Evaluation,
    Features,
    Fleet,
    Retrain,
    Samples,
    Shadows,
    Simulation,
)
from .tune import Tune


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
    audit: Audit = Audit()
    evaluation: Evaluation = Evaluation()
    risk: Risk = Risk()

    @field_validator("experiment")
    @classmethod
    def _free(cls, name: str) -> str:
        if f"results/{name}" == PAID:
            raise ValueError(f"{name!r} is the folder that keeps paid results, choose another name")
        return name


class Entry(Strict):
    """A named component with its validated settings. Without a ``component`` it was made elsewhere,
    and what is known of it came with a table of predictions."""

    name: str
    component: str
    settings: dict[str, Any]


def request_folder(number: int) -> str:
    """Where the models and the audit after a sequence's request stand, counted from 1."""
    return f"request_{number}"


class Experiment(Strict):
    """A validated experiment: the common part, then the components by name."""

    common: Common
    dataset: Entry
    # of a sequence of requests: all of them, of which ``forget`` is the last
    forget: Entry
    requests: tuple[Entry, ...] = ()
    models: dict[str, Entry]
    unlearning: dict[str, Entry]
    attacks: dict[str, Entry]
    quality: dict[str, Entry]
    devices: dict[str, Entry]
    sweep: sweep_study.Config | None
    signal: signal_study.Config | None
    tune: Tune | None = None
    predictions: Predicted | None = None

    @model_serializer(mode="wrap")
    def _written(self, plain: Any) -> dict[str, Any]:
        """``requests`` stand there where there are any."""
        return {key: value for key, value in plain(self).items() if key != "requests" or value}

    def audit_of(self, request: str | None) -> Experiment:
        """The audit in a folder of `audits`; None: the experiment itself."""
        return self if request is None else self.audits[request]

    @cached_property
    def audits(self) -> dict[str, Experiment]:
        """The audit after each request of a sequence, by its folder: the experiment as if no
        further request had come. Empty where there is one request alone."""
        return {
            request_folder(number): self.model_copy(
                update={"forget": self.requests[number - 1], "requests": self.requests[:number]}
            )
            for number in range(1, len(self.requests) + 1)
        }

    @property
    def asked(self) -> tuple[Entry, ...]:
        """All that is to be forgotten, in its order."""
        return self.requests or (self.forget,)

    def variants(self, model: str) -> list[str]:
        """Names of all variants of a model: target, retrain, then the methods that can unlearn
        it."""
        left_out = self.left_out[model]
        return [*BASELINES, *(name for name in self.unlearning if name not in left_out)]

    @property
    def all_variants(self) -> dict[str, list[str]]:
        """Model -> its variants."""
        return {model: self.variants(model) for model in self.models}

    @cached_property
    def left_out(self) -> dict[str, dict[str, str]]:
        """Model -> the methods that cannot unlearn it, each with what the model lacks."""
        if self.predictions is not None:
            return {model: {} for model in self.models}
        cards = {
            name: (registry.load("unlearning", entry.component).CARD, entry.settings)
            for name, entry in self.unlearning.items()
        }
        return {
            model: {
                name: words
                for name, (card, settings) in cards.items()
                if (words := missing(card, settings.get("scope", "all"), traits))
            }
            for model, traits in self.traits.items()
        }

    def groups(self, model: str) -> list[str]:
        """What one job each audits of a model: the variants, the ladder, the innocent edits."""
        others = [name for name in (RESIDUE, INNOCENT) if self.members(model, name)]
        return [*self.variants(model), *others]

    def members(self, model: str, group: str) -> list[str]:
        """The variants of a group; empty where the experiment asks for none."""
        audit = self.common.audit
        if group == RETRAIN:
            return [RETRAIN, *map(retrained, range(1, self.common.retrain.ensemble + 1))]
        if group == RESIDUE:
            return [residue(percent) for percent in audit.ladder]
        if group == INNOCENT:
            numbers = range(1, audit.innocents + 1)
            return [innocent(edit, number) for number in numbers for edit in self.edits(model)]
        return [group, *self.levels(group)]

    def levels(self, group: str) -> list[str]:
        """The states on a method's path that are audited too; none without a stopping rule."""
        entry = self.unlearning.get(group)
        along = entry is not None and entry.settings.get("stopping", {}).get("path", False)
        return [level(group, loss) for loss in self.common.audit.path] if along else []

    def edits(self, model: str) -> tuple[str, ...]:
        """The innocent edits that the request and the model allow: a bias belongs to a whole class,
        a turn to a circuit, and a head that is fitted anew is one dense layer."""
        traits = self.traits[model]
        whole = all(scenario.CARD.whole_classes for scenario, _ in self.scenarios)
        allowed = {
            "bias": whole and "biases" in traits,
            "temperature": "last_layer" in traits,
            "head": "dense_head" in traits,
            "turn": "circuit" in traits,
        }
        return tuple(edit for edit in EDITS if allowed[edit])

    @property
    def edited(self) -> dict[tuple[str, ...], list[str]]:
        """The models that share the same innocent edits, by their names; none without an edit."""
        models: dict[tuple[str, ...], list[str]] = {}
        for model in self.models:
            if members := self.members(model, INNOCENT):
                models.setdefault(tuple(members), []).append(model)
        return models

    @cached_property
    def data(self) -> Description:
        """What the data set says of itself."""
        module = registry.load("data", self.dataset.component)
        return module.describe(module.Config(**self.dataset.settings))

    @property
    def scenario(self) -> tuple[ModuleType, Any]:
        """The module that says what is to be forgotten, and its settings; of a sequence the last
        request's."""
        return self.scenarios[-1]

    @property
    def scenarios(self) -> list[tuple[ModuleType, Any]]:
        """The modules and settings of all that is to be forgotten, in its order."""
        loaded = [(registry.load("forget", one.component), one.settings) for one in self.asked]
        return [(module, module.Config(**settings)) for module, settings in loaded]

    @cached_property
    def known(self) -> dict[str, np.ndarray]:
        """The columns by which requests name rows of the data set."""
        module = registry.load("data", self.dataset.component)
        return module.load(module.Config(**self.dataset.settings)).known

    def complete(self) -> Experiment:
        """The experiment with the features that suit its kind of data where none are asked for."""
        image, table = self.data.kind == "image", self.data.kind == "features"
        features = self.common.features
        given = {
            "components": features.components or (IMAGE_COMPONENTS if image else None),
            "scale": features.scale or ("minmax" if table else "none"),
        }
        common = self.common.model_copy(update={"features": features.model_copy(update=given)})
        return self.model_copy(update={"common": common})

    def width(self, model: str) -> int:
        """Numbers per row that a model reads of the pool."""
        reads = reads_of(*self.kind(model))
        components = self.common.features.components if reads == "features" else None
        return components or self.data.width

    def kind(self, model: str) -> tuple[ModuleType, Any]:
        """The module of a model's kind, and the model's settings."""
        module = registry.load("models", self.models[model].component)
        return module, module.Config(**self.models[model].settings)

    @cached_property
    def traits(self) -> dict[str, frozenset[str]]:
        """What every model has that others lack, by the models' names."""
        classes = self.data.classes
        return {name: traits(*self.kind(name), self.width(name), classes) for name in self.models}

    @cached_property
    def circuits(self) -> dict[str, Circuit]:
        """The circuits of the quantum models, by the models' names."""
        if self.predictions is not None:
            return {}
        drawn = {name: circuit_of(*self.kind(name), self.data.classes) for name in self.models}
        return {name: circuit for name, circuit in drawn.items() if circuit is not None}
