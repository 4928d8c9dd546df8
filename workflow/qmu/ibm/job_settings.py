"""Settings of one IBM job: what is asked for, what it may cost, and how long to be patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from qmu.errors import ConfigError, suggestion

PRIMITIVES = ("sampler", "estimator")
MODES = ("batch", "job", "session")
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


@dataclass(frozen=True)
class JobSettings:
    """All times in seconds; ``options`` goes to the primitive as it is.

    ``shots`` is for each parameter set (sampler), or for each parameter set and measurement basis
    (estimator). ``max_cost_seconds`` refuses a job whose estimated QPU time is longer.
    ``settle_seconds`` is how long an accepted job may take to appear in IBM's list of jobs,
    ``outage_seconds`` how long a service that does not answer is tried again, ``max_wait_seconds``
    how long one run waits for the queue, ``token_seconds`` how long a rejected token is tried again
    (IBM's identity service may be down at the moment of renewal).
    """

    primitive: str = "sampler"
    shots: int = 1024
    mode: str = "batch"
    max_execution_time: int = 300
    max_cost_seconds: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    settle_seconds: float = 20.0
    outage_seconds: float = 600.0
    token_seconds: float = 120.0
    max_wait_seconds: float = 86400.0
    request_seconds: float = 300.0
    first_poll_seconds: float = 2.0
    longest_poll_seconds: float = 60.0

    def __post_init__(self) -> None:
        for key, valid in (("primitive", PRIMITIVES), ("mode", MODES)):
            value = getattr(self, key)
            if value not in valid:
                raise ConfigError(f"{key}: {value!r} is unknown.{suggestion(value, valid)}")
        if self.shots < 1:
            raise ConfigError(f"shots: {self.shots} is not a positive number of shots")
        if self.max_execution_time < 1:
            raise ConfigError("max_execution_time: needs at least 1 second, an open end is refused")
        check_options(self.primitive, self.options)
        for key in _TIMES:
            if not getattr(self, key) > 0:
                raise ConfigError(f"{key}: {getattr(self, key)} is not a positive time in seconds")

    @classmethod
    def of(cls, settings: JobSettings | Mapping[str, Any]) -> JobSettings:
        """From a mapping; ConfigError names an unknown key."""
        if isinstance(settings, cls):
            return settings
        known = [item.name for item in fields(cls)]
        for key in settings:
            if key not in known:
                raise ConfigError(f"ibm.{key}: unknown setting.{suggestion(key, known)}")
        return cls(**settings)

    def paid(self) -> dict[str, Any]:
        """The settings that decide what is computed and paid, for the tag."""
        chosen = asdict(self)
        return {key: chosen[key] for key in ("primitive", "shots", "options")}


_TIMES = (
    "settle_seconds",
    "outage_seconds",
    "token_seconds",
    "max_wait_seconds",
    "request_seconds",
    "first_poll_seconds",
    "longest_poll_seconds",
)


def check_options(primitive: str, options: Mapping[str, Any]) -> None:
    """ConfigError for options that the primitive has not, or that qmu sets itself."""
    for key in options:
        if key == "environment":
            raise ConfigError(
                "options.environment: tags are set by qmu, and a private job is refused because "
                "its results can be read only once"
            )
        if key not in OPTIONS[primitive]:
            hint = suggestion(key, OPTIONS[primitive])
            raise ConfigError(f"options.{key}: not an option of the {primitive}.{hint}")
