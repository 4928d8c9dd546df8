"""What a user chooses about an evaluation on hardware: circuits, jobs, and how long to wait.

`Settings` decides what is computed and paid, and enters a job's digest and tag; `Job` says how a
job is sent and what it may cost; `Waiting` changes no result. Importing this imports no Qiskit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from qmu.errors import suggestion
from qmu.strict import Strict

# The options of each primitive that may be set; qmu sets the time limit and the tags itself.
OPTIONS = {
    "sampler": ("dynamical_decoupling", "twirling", "execution", "experimental"),
    "estimator": (
        "dynamical_decoupling",
        "twirling",
        "execution",
        "experimental",
        "resilience",
        "resilience_level",
        "seed_estimator",
    ),
}


def is_fake(backend: str) -> bool:
    """Whether a backend's name is that of one which the client simulates."""
    return backend.lower().startswith("fake")


class Settings(Strict):
    """How samples are embedded, transpiled and executed.

    ``fold`` leaves out the CNOT gates at the very end and computes them from the measured bits: it
    saves gates but multiplies readout errors, and on FakeTorino gained nothing.
    """

    primitive: Literal["sampler", "estimator"] = "sampler"
    shots: int = Field(4096, ge=1, le=1_000_000, description="executions per sample")
    embedding: Literal["mps", "tree"] = Field(
        "mps", description="staircases of two-qubit blocks (approximate), or the exact tree"
    )
    layers: int | None = Field(
        None, ge=1, le=40, description="layers of the mps embedding; null: as few as will do"
    )
    max_layers: int = Field(10, ge=1, le=40, description="where the search for layers ends")
    max_infidelity: float = Field(
        0.05, ge=0, le=1, description="1 - fidelity that every sample's embedding must reach"
    )
    fold: bool = Field(False, description="compute the CNOT gates at the end from the bits")
    compact: bool = Field(
        False,
        description="use a line of as many qubits as the circuit has: more gates, but the noise "
        "can be simulated exactly",
    )
    optimization_level: int = Field(3, ge=0, le=3, description="of the transpiler")
    transpiler_seeds: int = Field(12, ge=1, le=200, description="tried; fewest gates win")
    options: dict[str, Any] = Field(
        default={}, description="options of the primitive: twirling, dynamical_decoupling, ..."
    )

    @model_validator(mode="after")
    def _known(self) -> Settings:
        if self.embedding == "tree" and self.layers is not None:
            raise ValueError("layers belongs to embedding 'mps'; the tree is exact")
        check_options(self.primitive, self.options)
        return self

    def paid(self) -> dict[str, Any]:
        """What decides, beside the circuits, what is computed and paid: for a job's tag."""
        return {name: getattr(self, name) for name in ("primitive", "shots", "options")}


def check_options(primitive: str, options: Mapping[str, Any]) -> None:
    """ValueError for options that the primitive has not, or that qmu sets itself."""
    for key in options:
        if key == "environment":
            raise ValueError(
                "options.environment: tags are set by qmu, and a private job is refused because "
                "its results can be read only once"
            )
        if key not in OPTIONS[primitive]:
            hint = suggestion(key, OPTIONS[primitive])
            raise ValueError(f"options.{key}: not an option of the {primitive}.{hint}")


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


class Submission(Strict):
    """All that one job is prepared, sent and awaited with."""

    circuit: Settings = Settings()
    job: Job = Job()
    waiting: Waiting = Waiting()
