"""What the specs of all rules are made of: settings that a job reads, and the digests of its code.

Snakemake compares a job's parameters as a set of values without names, so each rule gets one dict.
It holds the settings that the job reads and the digests of the code that it runs, nothing else:
that is what makes a partial rerun partial.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qmu import registry
from qmu.attacks.game import AttackCard
from qmu.config.experiment import Entry, Experiment
from qmu.specs.base import Component, Intervals, ModelSpec

from .digest import digests

FRAME = "steps.frame.execute"


def base(experiment: Experiment, step: str, *modules: str) -> dict[str, Any]:
    """The fields of every spec, for a step that runs these components beside its own code."""
    return {
        "step": step,
        "experiment": experiment.common.experiment,
        "root_seed": experiment.common.root_seed,
        "code": digests(f"steps.{step}", FRAME, *modules),
    }


def component(entry: Entry) -> Component:
    """A component as a spec holds it."""
    return Component(component=entry.component, settings=entry.settings)


def components(section: Mapping[str, Entry]) -> dict[str, Component]:
    """The components of a section by name."""
    return {name: component(entry) for name, entry in section.items()}


def modules(kind: str, entries: Iterable[Entry]) -> list[str]:
    """Where the code of some components stands; none of what was made elsewhere."""
    return sorted({registry.module(kind, e.component) for e in entries if e.component})


def model(experiment: Experiment, name: str, section: str) -> ModelSpec:
    """A model on the device of the section ``simulation`` or ``fleet``."""
    entry, place = experiment.models[name], getattr(experiment.common, section)
    return ModelSpec(
        component=entry.component,
        settings=entry.settings,
        width=experiment.width(name),
        classes=experiment.data.classes,
        device=place.device,
        precision=place.precision,
    )


def model_code(experiment: Experiment, name: str) -> tuple[str, ...]:
    """Where a model's code stands, with files of the user's that it runs."""
    entry = experiment.models[name]
    module = registry.load("models", entry.component)
    files = module.files(module.Config(**entry.settings)) if hasattr(module, "files") else ()
    return registry.module("models", entry.component), *(f":{file}" for file in files)


def loss(experiment: Experiment, name: str) -> str:
    """The training loss of a model."""
    return experiment.models[name].settings["training"]["loss"]


def intervals(experiment: Experiment) -> Intervals:
    """How the audit's intervals are made."""
    evaluation = experiment.common.evaluation
    return Intervals(confidence=evaluation.confidence, resamples=evaluation.bootstrap)


def audited(
    experiment: Experiment, name: str, variants: Sequence[str], device: str | None
) -> dict[str, Any]:
    """The fields of a spec that measures some variants, in the simulation or on a device."""
    return {
        "name": name,
        "variants": tuple(variants),
        "seeds": tuple(experiment.common.seeds),
        "device": device or experiment.common.simulation.device,
        "intervals": intervals(experiment),
    }


def attack_card(entry: Entry) -> AttackCard:
    """The card of a configured attack."""
    return registry.load("attacks", entry.component).CARD


def unlearned(experiment: Experiment) -> tuple[int, ...]:
    """Shadow models that every method is run on."""
    return tuple(range(experiment.common.shadows.unlearned))


def shown(experiment: Experiment) -> dict[str, Any]:
    """The whole configuration, but for how long IBM is waited for: no result depends on it."""
    config = experiment.model_dump(mode="json")
    for entry in config["devices"].values():
        entry["settings"].pop("waiting", None)
    return config
