"""The configuration of further devices and of the sweep over shots and noise.

A device of the section ``devices`` evaluates the models that the simulation has trained; what it
answers ends in the same table whatever its ``kind``. Kinds stand in `KINDS`: another kind brings
another settings model and a rule that makes the same files.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from qmu.circuits.noise import NoiseModel
from qmu.strict import Strict

from .ibm import Ibm
from .pennylane import PennyLaneDevice

Shots = Annotated[int, Field(ge=1, le=10**9)]
Repeats = Annotated[int, Field(ge=1, le=10**6)]
Scale = Annotated[float, Field(ge=0)]

NOISY = "default.mixed"
# Attacks of the sweep: fitted once, then asked about one image at a time.
SWEPT_ATTACKS = ("su_graybox", "loss_thr", "conf_thr", "entr_thr", "mentr_thr", "gap")


class Simulated(Strict):
    """A simulator with the noise and the shots of a real device, in ``simulation.precision``.

    ``noise`` (default.mixed only) is the paper's model; ``noise: {}`` takes its probabilities.
    ``shots``: executions per image, all qubits read in the same ones; none for exact values.
    """

    device: Literal["default.mixed", "default.qubit", "lightning.qubit"] = "default.mixed"
    noise: NoiseModel | None = None
    shots: Shots | None = None

    @model_validator(mode="after")
    def _possible(self) -> Simulated:
        if self.noise is not None and self.device != NOISY:
            raise ValueError(
                f"noise: {self.device} simulates pure states, noise needs device: {NOISY}"
            )
        if self.noise is None and self.device == NOISY:
            raise ValueError(
                f"noise: {NOISY} is there for noise, state it (noise: {{}} is the paper's)"
            )
        if self.shots is not None and self.device == "lightning.qubit":
            raise ValueError(
                "shots: lightning.qubit gives exact values here; sample on default.qubit or "
                f"{NOISY}"
            )
        return self


class Corrected(Strict):
    """Another device's answers, each qubit's <Z> corrected by a line towards the simulation's.

    The lines are fitted on the retained validation images that the device ``of`` was asked about,
    never on an image that a figure looks at. Nothing is executed again.
    """

    of: str


# Kind of device -> the model of its settings.
KINDS: dict[str, type[Strict]] = {
    "simulated": Simulated,
    "ibm": Ibm,
    "pennylane": PennyLaneDevice,
    "corrected": Corrected,
}


class Sweep(Strict):
    """Leakage and accuracy of every variant against shots and noise.

    ``noise`` is multiplied by each of ``scales``, with exact expectation values. At
    ``sampled_scales`` (0 is the ideal circuit) finite ``shots`` are drawn, by an attacker who asks
    ``repeats`` times and takes the mean.
    """

    noise: NoiseModel = NoiseModel()
    scales: Annotated[tuple[Scale, ...], Field(min_length=1)] = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
    sampled_scales: tuple[Scale, ...] = (0.0, 1.0)
    shots: tuple[Shots, ...] = (64, 256, 1024, 4096, 16384)
    repeats: Annotated[tuple[Repeats, ...], Field(min_length=1)] = (1, 4, 16, 64)

    @model_validator(mode="after")
    def _possible(self) -> Sweep:
        for key in ("scales", "sampled_scales", "shots", "repeats"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"{key}: a value stands there twice")
        for scale in (*self.scales, *self.sampled_scales):
            try:
                self.scaled(scale)
            except ValueError as error:
                reason = error.errors()[0]["ctx"]["error"]  # type: ignore[attr-defined]
                raise ValueError(f"scales: at {scale:g}, {reason}") from None
        return self

    def scaled(self, scale: float) -> NoiseModel:
        """The noise at one strength; ValueError (pydantic's) beyond what a channel can do."""
        noise = self.noise
        return NoiseModel(**{**noise.model_dump(), "scale": scale * noise.scale})


def on_devices(needs: tuple[str, ...]) -> bool:
    """Whether an attack with these needs is run on further devices.

    Not those that need shadow models after unlearning or answers on transformed images: both
    exist for the simulation only. Shadow models of the target are the simulation's: an attacker
    simulates, and asks the device for nothing but the audited answers.
    """
    return not {"unlearned_shadows", "queries"} & set(needs)
