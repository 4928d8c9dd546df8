"""What all specs of jobs are made of: settings that a job reads, and the digest of its code."""

from __future__ import annotations

from typing import Any

from qmu import registry
from qmu.config.experiment import Entry, Experiment
from qmu.devices.kinds.simulated import on_devices

from .digest import code_digest

Spec = dict[str, Any]


class SpecsBase:
    """One experiment's settings in parts; needs no numerical library."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.common = experiment.common.model_dump(mode="json")
        self.classes = len(registry.load("data", experiment.dataset.component).CLASSES)

    def needs(self) -> set[str]:
        """What the configured attacks and measures are handed beside a model's outputs."""
        cards = [
            registry.load("attacks", entry.component).CARD
            for entry in self.experiment.attacks.values()
        ]
        found = {need for card in cards for need in card.needs}
        measures = self.experiment.quality.values()
        if any(registry.load("quality", entry.component).CARD.fleets for entry in measures):
            found.add("quality_fleets")
        return found

    def asking(self) -> Entry:
        """The attack that needs answers on transformed copies; a checked configuration has at most
        one, and this is asked only where there is one."""
        return next(
            entry
            for entry in self.experiment.attacks.values()
            if "queries" in registry.load("attacks", entry.component).CARD.needs
        )

    def _attacks(self, step: str, model: str, further: bool = False) -> Spec:
        attacks = self._entries(self.experiment.attacks)
        if further:
            attacks = {
                name: entry
                for name, entry in attacks.items()
                if on_devices(registry.load("attacks", entry["component"]).CARD.needs)
            }
        code = sorted(
            {registry.module("attacks", entry["component"]) for entry in attacks.values()}
        )
        return self._base(step, *code) | {
            "name": model,
            "seeds": self.common["seeds"],
            "attacks": attacks,
            "forget_class": self.common["forget_class"],
            "loss": self._loss(model),
        }

    def _audited(self, model: str, variant: str) -> Spec:
        return {
            "name": model,
            "variant": variant,
            "seeds": self.common["seeds"],
            "device": self.common["simulation"]["device"],
            "evaluation": {
                "confidence": self.common["evaluation"]["confidence"],
                "resamples": self.common["evaluation"]["bootstrap"],
            },
        }

    def _unlearned(self) -> list[int]:
        return list(range(self.common["shadows"]["unlearned"]))

    @staticmethod
    def _entries(section: dict[str, Entry]) -> Spec:
        return {
            name: {"component": entry.component, "settings": entry.settings}
            for name, entry in section.items()
        }

    def _base(self, step: str, *modules: str) -> Spec:
        return {
            "experiment": self.common["experiment"],
            "root_seed": self.common["root_seed"],
            "code_digest": code_digest(f"steps.{step}", "steps.frame.execute", *modules),
        }

    def _fleet(self, model: str) -> Spec:
        return self._base("fleet", self._model_code(model)) | {
            "name": model,
            "width": self.common["fleet"]["width"],
            "model": self._model(model, "fleet"),
        }

    def _model(self, name: str, section: str) -> Spec:
        entry = self.experiment.models[name]
        return {
            "component": entry.component,
            "settings": entry.settings,
            "classes": self.classes,
            "device": self.common[section]["device"],
            "precision": self.common[section]["precision"],
        }

    def _model_code(self, name: str) -> str:
        return registry.module("models", self.experiment.models[name].component)

    def _loss(self, model: str) -> str:
        return self.experiment.models[model].settings["training"]["loss"]
