"""The configuration of a device of ``kind: ibm``: circuits sent to a quantum computer as jobs.

A backend whose name begins with ``fake`` is one that IBM's client simulates from a recorded
calibration: it goes the same way, and what would be a paid job is computed here instead.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, StringConstraints, model_validator

from qmu.devices.images import Images
from qmu.errors import ConfigError
from qmu.ibm.cost import samples_per_job
from qmu.ibm.job_settings import check_options
from qmu.ibm.settings import Settings, is_fake
from qmu.strict import Strict


class Job(Strict):
    """How a job is sent and what it may cost. All jobs of a device together may be estimated at
    ``max_total_seconds`` of QPU time, which is checked before the first one is sent."""

    mode: Literal["batch", "job", "session"] = "batch"
    max_execution_time: Annotated[int, Field(ge=1, le=86_400)] = 300
    max_cost_seconds: PositiveFloat | None = None
    max_total_seconds: PositiveFloat = 600.0


class Waiting(Strict):
    """How long IBM is waited for, in seconds; changing it makes no job run again.

    ``max_wait_seconds`` in the queue, ``outage_seconds`` for a service that does not answer,
    ``settle_seconds`` until an accepted job must be listed, ``token_seconds`` for a token that is
    refused, ``request_seconds`` for one answer; polls begin every ``first_poll_seconds`` and slow
    down to ``longest_poll_seconds``.
    """

    max_wait_seconds: PositiveFloat = 86_400.0
    outage_seconds: PositiveFloat = 600.0
    settle_seconds: PositiveFloat = 20.0
    token_seconds: PositiveFloat = 120.0
    request_seconds: PositiveFloat = 300.0
    first_poll_seconds: PositiveFloat = 2.0
    longest_poll_seconds: PositiveFloat = 60.0


class Ibm(Settings):
    """An IBM backend, real or fake, asked in jobs: prepare, estimate, submit, collect, decode."""

    backend: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{1,63}$")]
    images: Images = Images()
    job: Job = Job()
    waiting: Waiting = Waiting()

    @model_validator(mode="after")
    def _sendable(self) -> Ibm:
        try:
            check_options(self.primitive, self.options)
        except ConfigError as error:
            raise ValueError(str(error)) from None
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
