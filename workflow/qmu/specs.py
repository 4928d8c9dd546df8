"""The parameters of every rule: exactly what its job depends on, as plain builtins.

Snakemake compares parameters as a set of values without names, so each rule gets one dict. A dict
holds the settings that the job reads and the digest of the code that it runs, nothing else: that
is what makes a partial rerun partial.
"""

from __future__ import annotations

from typing import Any

from . import registry
from .config import Entry, Experiment
from .device_config import SWEPT_ATTACKS, on_devices
from .digest import code_digest
from .ibm_config import Ibm
from .pennylane_config import PennyLaneDevice
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

    def shadows(self, model: str, variant: str, block: int) -> Spec:
        """One block of shadow models, with all their members or without the forget class."""
        without = None if variant == "target" else self.common["forget_class"]
        return self._fleet(model) | {
            "indices": self._indices(variant, block),
            "members": self.common["samples"]["train"],
            "without": without,
        }

    def unlearn_shadows(self, model: str, variant: str, block: int) -> Spec:
        """One unlearning method on a block of shadow models."""
        entry = self.experiment.unlearning[variant]
        code = self._model_code(model), f"unlearning.{entry.component}"
        return self._base("unlearn_shadows", *code) | {
            "name": model,
            "variant": variant,
            "method": entry.component,
            "settings": entry.settings,
            "indices": self._indices(variant, block),
            "forget_class": self.common["forget_class"],
            "validation": self.common["samples"]["validation"],
            "model": self._model(model, "fleet"),
        }

    def blocks(self, variant: str) -> list[int]:
        """Block numbers of the shadow models of a variant."""
        return list(range(-(-self._shadow_count(variant) // self.common["shadows"]["block"])))

    def _shadow_count(self, variant: str) -> int:
        return self.common["shadows"]["count" if variant == "target" else "unlearned"]

    def _indices(self, variant: str, block: int) -> list[int]:
        size, count = self.common["shadows"]["block"], self._shadow_count(variant)
        return list(range(block * size, min((block + 1) * size, count)))

    def ensemble(self, model: str, seed: int) -> Spec:
        """One seed's further retrained models."""
        count = self.common["retrain"]["ensemble"]
        return self._fleet(model) | {"indices": list(range(count)), "seed": seed}

    def attack_data(self, model: str) -> Spec:
        """The joined shadow outputs."""
        indices = list(range(self.common["shadows"]["count"]))
        return self._base("attack_data") | {"indices": indices, "loss": self._loss(model)}

    def fit_attacks(self, model: str) -> Spec:
        """Fitting of all attacks on one model kind, for all seeds."""
        return self._attacks("fit_attacks", model)

    def score(self, model: str, variant: str) -> Spec:
        """All attacks on one variant of one model, all seeds."""
        return self._attacks("score", model) | {"indices": self._unlearned()}

    def query(self, model: str) -> Spec:
        """Answers on transformed copies, by the settings of the attack that asks for them."""
        entry = self.asking()
        return self._base("query", self._model_code(model), f"attacks.{entry.component}") | {
            "name": model,
            "seeds": self.common["seeds"],
            "attack": entry.component,
            "settings": entry.settings,
            "model": self._model(model, "fleet"),
        }

    def measure(self, model: str, variant: str) -> Spec:
        """The figures of one variant from its outputs and scores."""
        return self._base("measure") | self._audited(model, variant)

    def examine(self, model: str, variant: str) -> Spec:
        """The measures of unlearning quality on one variant."""
        quality = self._entries(self.experiment.quality)
        code = sorted({f"quality.{entry['component']}" for entry in quality.values()})
        base = self._base("examine", self._model_code(model), *code)
        return (
            base
            | self._audited(model, variant)
            | {
                "quality": quality,
                "loss": self._loss(model),
                "forget_class": self.common["forget_class"],
                "indices": self._unlearned(),
                "model": self._model(model, "fleet"),
            }
        )

    def evaluate_on(self, model: str, variant: str, device: str) -> Spec:
        """One variant of one model on a simulated device, all seeds."""
        return self._base("evaluate_on", self._model_code(model)) | {
            "name": model,
            "variant": variant,
            "seeds": self.common["seeds"],
            "device": device,
            "settings": self.experiment.devices[device].settings,
            "model": self._model(model, "simulation"),
        }

    def evaluate_with(self, model: str, seed: int, variant: str, device: str) -> Spec:
        """One variant of one model and seed on a PennyLane device."""
        return self._base("evaluate_with", self._model_code(model)) | {
            "name": model,
            "variant": variant,
            "seed": seed,
            "device": device,
            "settings": self.experiment.devices[device].settings,
            "model": self._model(model, "simulation"),
        }

    def here(self, device: str) -> bool:
        """Whether a PennyLane device sends nothing to anybody."""
        return PennyLaneDevice(**self.experiment.devices[device].settings).fake

    def prepare(self, model: str, seed: int, variant: str, device: str, part: int) -> Spec:
        """One IBM job: circuits and embedded images."""
        return self._base("prepare", self._model_code(model)) | {
            "name": model,
            "seed": seed,
            "variant": variant,
            "part": part,
            "parts": self.parts(device),
            "model": self._model(model, "simulation"),
            **self._asked(device),
        }

    def estimate(self, device: str) -> Spec:
        """The cost of all jobs of a device."""
        return self._base("estimate") | self._sent(device) | {"device": device}

    def submit(self, device: str) -> Spec:
        """Sending one job."""
        return self._base("submit") | self._sent(device)

    def collect(self, device: str) -> Spec:
        """Fetching one job's result, or executing it where the backend is simulated."""
        return self._base("collect") | self._sent(device)

    def decode(self, model: str, device: str) -> Spec:
        """From raw results to outputs."""
        entry = self.experiment.devices[device]
        return self._base("decode", self._model_code(model)) | {
            "images": entry.settings["images"],
            "model": self._model(model, "simulation"),
        }

    def correct(self, model: str) -> Spec:
        """The linear correction of another device's outputs, all seeds."""
        return self._base("correct", self._model_code(model)) | {
            "seeds": self.common["seeds"],
            "model": self._model(model, "simulation"),
        }

    def parts(self, device: str) -> int:
        """Jobs per model variant and seed on an IBM device."""
        return Ibm(**self.experiment.devices[device].settings).parts()

    def fake(self, device: str) -> bool:
        """Whether an IBM device's backend is simulated."""
        return Ibm(**self.experiment.devices[device].settings).fake

    def _asked(self, device: str) -> Spec:
        settings = self.experiment.devices[device].settings
        circuit = Ibm(**settings).settings().model_dump(mode="json")
        return {"backend": settings["backend"], "circuit": circuit, "images": settings["images"]}

    def _sent(self, device: str) -> Spec:
        asked = self._asked(device)
        asked.pop("images")
        return asked | {"job": self.experiment.devices[device].settings["job"]}

    def fit_attacks_on(self, model: str) -> Spec:
        """Fitting of the attacks that are run on further devices."""
        return self._attacks("fit_attacks", model, further=True)

    def score_on(self, model: str) -> Spec:
        """These attacks on one variant of one model on a further device, all seeds."""
        return self._attacks("score", model, further=True) | {"indices": []}

    def measure_on(self, model: str, variant: str, device: str) -> Spec:
        """The figures of one variant on a further device."""
        return self._base("measure") | self._audited(model, variant) | {"device": device}

    def sweep(self, model: str, variant: str) -> Spec:
        """Leakage and accuracy of one variant against shots and noise."""
        frozen = {
            name: entry
            for name, entry in self.experiment.attacks.items()
            if entry.component in SWEPT_ATTACKS
        }
        code = sorted({f"attacks.{entry.component}" for entry in frozen.values()})
        return (
            self._base("sweep", self._model_code(model), *code)
            | self._audited(model, variant)
            | {
                "sweep": self.experiment.sweep.model_dump(mode="json"),
                "attacks": self._entries(frozen),
                "forget_class": self.common["forget_class"],
                "loss": self._loss(model),
                "model": self._model(model, "simulation"),
            }
        )

    def join_sweep(self) -> Spec:
        """The sweeps of all models and variants as one table."""
        return self._base("join_sweep")

    def signal(self, model: str) -> Spec:
        """What a backend leaves of a model's signal, by embedding."""
        return self._base("signal", self._model_code(model)) | {
            "name": model,
            "seed": self.common["seeds"][0],
            "signal": self.experiment.signal.model_dump(mode="json"),
            "model": self._model(model, "simulation"),
        }

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
        code = sorted({f"attacks.{entry['component']}" for entry in attacks.values()})
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

    def summary(self) -> Spec:
        """All figures, and the manifest with the whole configuration."""
        cards = [f"unlearning.{e.component}" for e in self.experiment.unlearning.values()]
        return self._base("summary", *sorted(set(cards))) | {
            "config": self.experiment.model_dump(mode="json")
        }

    def report(self) -> Spec:
        """Figures and pages."""
        cards = [f"unlearning.{e.component}" for e in self.experiment.unlearning.values()]
        cards += [f"attacks.{e.component}" for e in self.experiment.attacks.values()]
        cards += [f"models.{e.component}" for e in self.experiment.models.values()]
        cards += [f"quality.{e.component}" for e in self.experiment.quality.values()]
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
