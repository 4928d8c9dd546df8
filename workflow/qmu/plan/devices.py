"""The parameters of the rules that ask further devices, and of the studies of noise and signal."""

from __future__ import annotations

from qmu import registry
from qmu.devices.kinds.ibm import Ibm
from qmu.devices.kinds.pennylane import PennyLaneDevice
from qmu.devices.kinds.simulated import SWEPT_ATTACKS

from .common import Spec, SpecsBase


class DeviceSpecs(SpecsBase):
    """Specs of jobs on devices."""

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
        job = self.experiment.devices[device].settings["job"]
        return self._base("estimate") | self._sent(device) | {"device": device, "job": job}

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
        # A change of what all jobs together may cost concerns the estimate alone.
        job = dict(self.experiment.devices[device].settings["job"])
        job.pop("max_total_seconds")
        return asked | {"job": job}

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
        code = sorted({registry.module("attacks", entry.component) for entry in frozen.values()})
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
