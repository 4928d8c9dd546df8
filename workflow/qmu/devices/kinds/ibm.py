"""Devices of ``kind: ibm``: circuits sent to a quantum computer as jobs.

A backend whose name begins with ``fake`` is one that IBM's client simulates from a recorded
calibration: it goes the same way, and what would be a paid job is computed here instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints, model_validator

from qmu.circuits.circuit import Circuit
from qmu.circuits.gates import check_supported
from qmu.devices.checks import Context, DeviceCard, require
from qmu.devices.images import Images
from qmu.errors import ConfigError
from qmu.ibm import known
from qmu.ibm.cost import samples_per_job
from qmu.ibm.settings import Job, Settings, Waiting, is_fake

CARD = DeviceCard(
    title="IBM Quantum",
    source="IBM Quantum platform, Qiskit primitives",
    statement="Images are embedded and transpiled here, and executed there in jobs.",
    in_jobs=True,
    chosen_images=True,
)


class Config(Settings):
    """An IBM backend, real or fake, asked in jobs: prepare, estimate, submit, collect, decode."""

    backend: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{1,63}$")]
    images: Images = Images()
    job: Job = Job()
    waiting: Waiting = Waiting()

    @model_validator(mode="after")
    def _sendable(self) -> Config:
        if self.fake and self.options:
            raise ValueError(
                f"options: {self.backend} is simulated without twirling, decoupling or mitigation; "
                "leave them out"
            )
        return self

    @property
    def fake(self) -> bool:
        """Whether the backend is simulated."""
        return is_fake(self.backend)

    def settings(self) -> Settings:
        """What decides the circuits and their execution."""
        return Settings(**{name: getattr(self, name) for name in Settings.model_fields})

    def parts(self) -> int:
        """Jobs per model at most: a job may not execute more circuits than IBM admits."""
        return math.ceil(self.images.most() / samples_per_job(self.shots, self.options))


def check(config: Config, where: str, circuits: Mapping[str, Circuit], context: Context) -> None:
    """The client must be installed, every model's circuit must have a counterpart, and the backend
    must be able to do the work, as far as that is known without asking IBM."""
    require(where, "qiskit_ibm_runtime", *(["qiskit_aer"] if config.fake else []))
    images = config.images.least(context.sizes)
    work = known.Work(circuits, context.weights, images, config.parts())
    known.check(where, config.backend, config.settings(), work, config.job.max_total_seconds)
    for name, circuit in circuits.items():
        try:
            check_supported(circuit)
        except ValueError as error:
            raise ConfigError(f"{where}: models.{name}: {error}") from None
        if config.embedding == "mps" and circuit.embedding == "amplitude" and circuit.wires < 2:
            raise ConfigError(f"{where}.embedding: models.{name} has 1 qubit, mps needs 2 or more")
