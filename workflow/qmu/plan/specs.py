"""The parameters of every rule: exactly what its job depends on, as plain builtins.

Snakemake compares parameters as a set of values without names, so each rule gets one dict. A dict
holds the settings that the job reads and the digest of the code that it runs, nothing else: that
is what makes a partial rerun partial.
"""

from __future__ import annotations

from qmu import registry
from qmu.report import catalogue

from .common import Spec
from .devices import DeviceSpecs

__all__ = ["Spec", "Specs"]


class Specs(DeviceSpecs):
    """Builds the specs of one experiment; needs no numerical library."""

    def pool(self) -> Spec:
        """Images, roles and features."""
        dataset = self.experiment.dataset
        return self._base("pool", registry.module("data", dataset.component)) | {
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
        base = self._base(
            "unlearn", self._model_code(model), registry.module("unlearning", entry.component)
        )
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
        code = self._model_code(model), registry.module("unlearning", entry.component)
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
        return self._base(
            "query", self._model_code(model), registry.module("attacks", entry.component)
        ) | {
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
        code = sorted(
            {registry.module("quality", entry["component"]) for entry in quality.values()}
        )
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

    def _shown(self) -> Spec:
        """The whole configuration, but for how long IBM is waited for: no result depends on it."""
        config = self.experiment.model_dump(mode="json")
        for entry in config["devices"].values():
            entry["settings"].pop("waiting", None)
        return config

    def summary(self) -> Spec:
        """All figures, and the manifest with the whole configuration."""
        cards = [
            registry.module("unlearning", e.component) for e in self.experiment.unlearning.values()
        ]
        cards += [registry.module("attacks", e.component) for e in self.experiment.attacks.values()]
        return self._base("summary", *sorted(set(cards))) | {"config": self._shown()}

    def report(self) -> Spec:
        """Figures and pages."""
        cards = [
            registry.module("unlearning", e.component) for e in self.experiment.unlearning.values()
        ]
        cards += [registry.module("attacks", e.component) for e in self.experiment.attacks.values()]
        cards += [registry.module("models", e.component) for e in self.experiment.models.values()]
        cards += [registry.module("quality", e.component) for e in self.experiment.quality.values()]
        cards += map(catalogue.module, catalogue.stems())
        return self._base("report", *sorted(set(cards))) | {
            "config": self._shown(),
            "text_digest": catalogue.text_digest(),
        }
