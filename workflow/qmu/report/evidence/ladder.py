"""What the audit can see, from the rows of the summary: detections on the ladder of known residues,
and the residual shares that are read off it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qmu.audit.verdicts.case import Row, read
from qmu.audit.verdicts.power import (
    DETECTED,
    WHOLE,
    Detection,
    detections,
    records,
    smallest_seen,
)
from qmu.audit.verdicts.questions import settings
from qmu.audit.verdicts.residue import Reading, Share, readings

AREA, FOUND = DETECTED
"""The metrics by which attacks are looked at: AUC, and members found at 1% false positives."""


@dataclass(frozen=True)
class LadderResults:
    """``detections``: every attack on every rung; ``readings``: residual shares of variants by the
    judges of their model; ``records``: (model, share) -> images of one seed's forget set."""

    detections: tuple[Detection, ...] = ()
    readings: tuple[Reading, ...] = ()
    records: Mapping[tuple[str, float], int] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """Models with rungs below the whole forget set, as found."""
        return tuple(dict.fromkeys(one.model for one in self.detections if one.share < WHOLE))

    def shares(self, model: str) -> tuple[float, ...]:
        """The shares of a model's rungs, ascending."""
        return tuple(sorted({one.share for one in self.detections if one.model == model}))

    def curve(self, model: str, attack: str, metric: str) -> list[Detection]:
        """An attack on a model's rungs, by ascending share."""
        own = (
            d for d in self.detections if (d.model, d.attack, d.metric) == (model, attack, metric)
        )
        return sorted(own, key=lambda one: one.share)

    def smallest(self, model: str, attack: str, metric: str) -> float | None:
        """The smallest share that an attack sees, with all above it."""
        return smallest_seen(self.detections, model, attack, metric)

    def ranked(self, model: str, metric: str) -> list[str]:
        """The attacks of a model, those that see the smallest residue first; among equals those
        that differ most on the whole forget set."""
        attacks = dict.fromkeys(one.attack for one in self.detections if one.model == model)
        curves = {name: self.curve(model, name, metric) for name in attacks}
        seen = {name: self.smallest(model, name, metric) or math.inf for name in curves}
        return sorted(
            (name for name, curve in curves.items() if curve),
            key=lambda name: (seen[name], -curves[name][-1].difference.value),
        )

    def judges(self, model: str) -> dict[str, str]:
        """Metric -> the attack by which residual shares are read."""
        return {one.metric: one.attack for one in self.readings if one.model == model}

    def share(self, model: str, variant: str, metric: str) -> Share | None:
        """The residual share of a variant by the judge of a metric."""
        wanted = (model, variant, metric)
        own = (r.share for r in self.readings if (r.model, r.variant, r.metric) == wanted)
        return next(own, None)


def index(rows: Sequence[Row], config: Mapping[str, Any]) -> LadderResults:
    """What the ``rows`` of the simulation hold, under a validated ``config``."""
    found = detections(rows, config)
    return LadderResults(tuple(found), tuple(readings(rows, config)), _records(rows, config, found))


def _records(
    rows: Sequence[Row], config: Mapping[str, Any], found: Iterable[Detection]
) -> dict[tuple[str, float], int]:
    shares: dict[str, dict[float, None]] = {}
    for one in found:
        shares.setdefault(one.model, {})[one.share] = None
    counts = {}
    for model, of in shares.items():
        case = read(rows, model, settings(config).confidence)
        counts |= {(model, share): n for share in of if (n := records(case, share)) is not None}
    return counts
