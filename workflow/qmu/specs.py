"""The parameters of every rule: exactly what its job depends on, as plain builtins.

Snakemake compares parameters as a set of values without names, so each rule gets one dict. A dict
holds the settings that the job reads and the digest of the code that it runs, nothing else: that
is what makes a partial rerun partial.
"""

from __future__ import annotations

from typing import Any

from . import registry
from .config import Experiment
from .digest import code_digest
from .report import catalogue

Spec = dict[str, Any]


class Specs:
    """Builds the specs of one experiment; needs no numerical library."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.common = experiment.common.model_dump(mode="json")
        self.classes = len(registry.load("data", experiment.dataset.component).CLASSES)

    def pool(self) -> Spec:
        """Images, roles and features."""
        dataset = self.experiment.dataset
        return self._base("pool", f"data.{dataset.component}") | {
            "dataset": dataset.component,
            "settings": dataset.settings,
            "features": self.common["features"],
        }

    def samples(self, seed: int) -> Spec:
        """One seed's splits."""
        keys = ("samples", "forget_class")
        return self._base("samples") | {"seed": seed} | {key: self.common[key] for key in keys}

    def train(self, model: str, seed: int, variant: str) -> Spec:
        """Target or retrained model."""
        return self._base("train", self._model_code(model)) | {
            "name": model,
            "seed": seed,
            "variant": variant,
            "model": self._model(model, "simulation"),
        }

    def unlearn(self, model: str, seed: int, variant: str) -> Spec:
        """One unlearning method."""
        entry = self.experiment.unlearning[variant]
        base = self._base("unlearn", self._model_code(model), f"unlearning.{entry.component}")
        return base | {
            "name": model,
            "seed": seed,
            "variant": variant,
            "method": entry.component,
            "settings": entry.settings,
            "forget_class": self.common["forget_class"],
            "model": self._model(model, "simulation"),
        }

    def shadows(self, model: str, block: int) -> Spec:
        """One block of shadow models."""
        size, count = self.common["shadows"]["block"], self.common["shadows"]["count"]
        return self._fleet(model) | {
            "indices": list(range(block * size, min((block + 1) * size, count))),
            "members": self.common["samples"]["train"],
        }

    def ensemble(self, model: str, seed: int) -> Spec:
        """One seed's further retrained models."""
        count = self.common["retrain"]["ensemble"]
        return self._fleet(model) | {"indices": list(range(count)), "seed": seed}

    def attack_data(self, model: str) -> Spec:
        """The joined shadow outputs."""
        indices = list(range(self.common["shadows"]["count"]))
        return self._base("attack_data") | {"indices": indices, "loss": self._loss(model)}

    def attacks(self, step: str, model: str, seed: int) -> Spec:
        """Fitting or scoring of all attacks on one model and seed."""
        attacks = {
            name: {"component": entry.component, "settings": entry.settings}
            for name, entry in self.experiment.attacks.items()
        }
        code = sorted({f"attacks.{entry['component']}" for entry in attacks.values()})
        return self._base(step, *code) | {
            "name": model,
            "seed": seed,
            "attacks": attacks,
            "loss": self._loss(model),
        }

    def summary(self) -> Spec:
        """All figures, and the manifest with the whole configuration."""
        return self._base("summary") | {"config": self.experiment.model_dump(mode="json")}

    def report(self) -> Spec:
        """Figures and pages."""
        cards = [f"unlearning.{e.component}" for e in self.experiment.unlearning.values()]
        cards += [f"attacks.{e.component}" for e in self.experiment.attacks.values()]
        cards += [f"models.{e.component}" for e in self.experiment.models.values()]
        return self._base("report", *sorted(set(cards))) | {
            "config": self.experiment.model_dump(mode="json"),
            "text_digest": catalogue.text_digest(),
        }

    def _base(self, step: str, *modules: str) -> Spec:
        return {
            "experiment": self.common["experiment"],
            "root_seed": self.common["root_seed"],
            "code_digest": code_digest(f"steps.{step}", "steps.job", *modules),
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
        return f"models.{self.experiment.models[name].component}"

    def _loss(self, model: str) -> str:
        return self.experiment.models[model].settings["training"]["loss"]
