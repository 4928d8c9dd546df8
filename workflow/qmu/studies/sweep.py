"""How leakage, accuracy and stability of one model change with noise and with finite shots.

A point of the sweep is a noise strength, a number of shots (None: exact values) and how often an
attacker repeats a query before taking the mean. The mean of r executions of S shots has the
distribution of one of r S shots: repetition removes shot noise, and never the circuit's own. Every
finite point is drawn twice, independently, for the stability of its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.devices.kinds.simulated import Sweep
from qmu.simulators.shots import sample_expectations


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


def strengths(sweep: Sweep) -> list[float]:
    """All noise scales that are simulated, ascending; the ideal circuit is always among them."""
    sampled = sweep.sampled_scales if sweep.shots else []
    return sorted({0.0, *sweep.scales, *sampled})


def points(sweep: Sweep) -> list[SweepPoint]:
    """Exact values at every scale; at the sampled scales every number of shots and repeats."""
    found = [SweepPoint(scale) for scale in strengths(sweep)]
    for scale in sorted(sweep.sampled_scales):
        for shots in sorted(sweep.shots):
            found += [SweepPoint(scale, shots, repeats) for repeats in sorted(sweep.repeats)]
    return found


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
