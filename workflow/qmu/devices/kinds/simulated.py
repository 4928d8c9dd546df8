"""Devices of ``kind: simulated``: a simulator with the noise and the shots of a real device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from qmu.circuits.circuit import Circuit
from qmu.circuits.noise import NoiseModel
from qmu.devices.checks import NOISY, Context, DeviceCard, check_noise, check_simulator
from qmu.strict import Strict

Shots = Annotated[int, Field(ge=1, le=10**9)]

CARD = DeviceCard(
    title="Simulated device",
    source="noise model of Su et al. 2025, arXiv:2509.06086",
    statement="Pauli noise after every gate and before the measurement, and finite shots.",
)


class Config(Strict):
    """A simulator with the noise and the shots of a real device, in ``simulation.precision``.

    ``noise`` (default.mixed only) is the paper's model; ``noise: {}`` takes its probabilities.
    ``shots``: executions per image, all qubits read in the same ones; none for exact values.
    """

    device: Literal["default.mixed", "default.qubit", "lightning.qubit"] = "default.mixed"
    noise: NoiseModel | None = None
    shots: Shots | None = None

    @model_validator(mode="after")
    def _possible(self) -> Config:
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


def check(config: Config, where: str, circuits: Mapping[str, Circuit], context: Context) -> None:
    """The simulator must be installed, and every circuit must take the noise."""
    check_simulator(f"{where}.device", config.device, context.precision)
    if config.noise is not None:
        sampled = config.shots is not None
        check_noise(f"{where}.noise", config.noise, sampled, circuits, context)
