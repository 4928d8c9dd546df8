"""The configuration of a device of ``kind: ibm``: circuits sent to a quantum computer as jobs.

A backend whose name begins with ``fake`` is one that IBM's client simulates from a recorded
calibration: it goes the same way, and what would be a paid job is computed here instead.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import StringConstraints, model_validator

from qmu.devices.images import Images
from qmu.ibm.cost import samples_per_job
from qmu.ibm.settings import Job, Settings, Waiting, is_fake


class Ibm(Settings):
    """An IBM backend, real or fake, asked in jobs: prepare, estimate, submit, collect, decode."""

    backend: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{1,63}$")]
    images: Images = Images()
    job: Job = Job()
    waiting: Waiting = Waiting()

    @model_validator(mode="after")
    def _sendable(self) -> Ibm:
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
