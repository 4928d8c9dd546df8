"""How leakage, accuracy and stability of one model change with noise and with finite shots.

A point of the sweep is a noise strength, a number of shots (None: exact values) and how often an
attacker repeats a query before taking the mean. The mean of r executions of S shots has the
distribution of one of r S shots: repetition removes shot noise, and never the circuit's own. Every
finite point is drawn twice, independently, for the stability of its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from qmu.circuits.circuit import Circuit
from qmu.circuits.noise import NoiseModel
from qmu.devices.checks import NOISY, Context, check_noise, check_simulator
from qmu.simulators.shots import sample_expectations
from qmu.strict import Strict

Shots = Annotated[int, Field(ge=1, le=10**9)]
Repeats = Annotated[int, Field(ge=1, le=10**6)]
Scale = Annotated[float, Field(ge=0)]


class Config(Strict):
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
    def _possible(self) -> Config:
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


def check(config: Config, where: str, circuits: Mapping[str, Circuit], context: Context) -> None:
    """The simulator must be installed, and every circuit must take the noise."""
    check_simulator(where, NOISY, context.precision)
    sampled = bool(config.shots and config.sampled_scales)
    check_noise(f"{where}.noise", config.noise, sampled, circuits, context)


@dataclass(frozen=True)
class SweepPoint:
    """``scale`` times the sweep's noise (0: the ideal circuit), ``shots`` or None, ``repeats``."""

    scale: float
    shots: int | None = None
    repeats: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The point as a path of names for random streams."""
        return f"{self.scale:g}", str(self.shots or "exact"), str(self.repeats)


def strengths(sweep: Config) -> list[float]:
    """All noise scales that are simulated, ascending; the ideal circuit is always among them."""
    sampled = sweep.sampled_scales if sweep.shots else []
    return sorted({0.0, *sweep.scales, *sampled})


def points(sweep: Config) -> list[SweepPoint]:
    """Exact values at every scale; at the sampled scales every number of shots and repeats."""
    listed = [SweepPoint(scale) for scale in strengths(sweep)]
    for scale in sorted(sweep.sampled_scales):
        for shots in sorted(sweep.shots):
            listed += [SweepPoint(scale, shots, repeats) for repeats in sorted(sweep.repeats)]
    return listed


def repeated(
    probabilities: np.ndarray,
    measured: Sequence[int],
    shots: int,
    repeats: Sequence[int],
    rng: np.random.Generator,
) -> Iterator[tuple[int, np.ndarray]]:
    """(r, <Z> estimates (2, n, K)) for each r of ``repeats``, ascending: two independent attackers
    who have asked r times for ``shots`` shots and take the mean.

    Each attacker's r answers are among their first r + 1, as when one asks on and on.
    """
    total, asked = np.zeros(()), 0
    for count in sorted(repeats):
        more = count - asked
        drawn = sample_expectations(probabilities, measured, more * shots, rng, repeats=2)
        total, asked = total + more * drawn, count
        yield count, total / asked


def rows_of(model: str, variant: str, point: SweepPoint, **figure: Any) -> dict[str, Any]:
    """A row of the table ``sweep``; ``figure`` has its other columns."""
    return {
        "model": model,
        "variant": variant,
        "noise_scale": point.scale,
        "shots": point.shots,
        "repeats": point.repeats,
        **figure,
    }
