"""A sequence of requests: what each variant shows after every one of them, and what it has cost.

All figures are those of the audits after each request, on all rows that were asked for until then;
nothing here knows of requests that come later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np

from qmu.variants import RETRAIN, TARGET

from .summary import Cell, Summary, baselines_first

COST = "gradient_evaluations"


@dataclass(frozen=True)
class Line:
    """A variant after each request, (requests,) each: ``area`` of the model's attack on the forget
    set so far, ``accuracy`` on retained test rows, gradient evaluations of this and all earlier
    requests (``cost``, mean over seeds), the epsilon that its method certifies of the whole forget
    set so far (``certified``); None where it was not measured, and of the targets, which are
    trained for no request. Certificates do not add up: see `qmu.unlearning.certificates`."""

    area: tuple[Cell | None, ...]
    accuracy: tuple[Cell | None, ...]
    cost: tuple[float | None, ...]
    certified: tuple[Cell | None, ...]


@dataclass(frozen=True)
class SequenceResults:
    """``names`` of the requests served so far; (model, variant) -> its line. ``attacks``: model ->
    the attack whose AUC is shown, chosen on the targets: over all requests it reads most there."""

    names: tuple[str, ...] = ()
    lines: Mapping[tuple[str, str], Line] = field(default_factory=dict)
    attacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def certified(self) -> bool:
        """Whether any variant has a certificate."""
        return any(any(line.certified) for line in self.lines.values())

    @property
    def models(self) -> tuple[str, ...]:
        """The models, as found."""
        return tuple(dict.fromkeys(model for model, _ in self.lines))

    def of(self, model: str) -> dict[str, Line]:
        """Variant -> its line on a model, baselines first."""
        own = {variant: line for (one, variant), line in self.lines.items() if one == model}
        return {variant: own[variant] for variant in baselines_first(own)}

    def share(self, model: str, variant: str) -> float | None:
        """What a variant has cost so far over what retraining at every request has; None where
        either is not known."""
        own, base = (
            self.lines[model, one].cost[-1] if (model, one) in self.lines else None
            for one in (variant, RETRAIN)
        )
        return own / base if own is not None and base else None


def index(summaries: Sequence[Summary], config: Mapping[str, Any]) -> SequenceResults:
    """The sequence in the summaries after each of its requests; nothing of one request alone."""
    requests = config.get("requests") or ()
    if len(requests) < 2:
        return SequenceResults()
    last, lines, attacks = summaries[-1], {}, {}
    for model in last.models:
        attack = _attack(summaries, model)
        if attack is not None:
            attacks[model] = attack
        for variant in last.variants(model):
            lines[model, variant] = Line(
                tuple(one.get(model, variant, "auc", "forget_train", attack) for one in summaries),
                tuple(one.get(model, variant, "accuracy", "retain_test") for one in summaries),
                _so_far([_cost(one, model, variant) for one in summaries]),
                tuple(one.get(model, variant, "epsilon_certified") for one in summaries),
            )
    return SequenceResults(tuple(one["name"] for one in requests), lines, attacks)


def _attack(summaries: Sequence[Summary], model: str) -> str | None:
    areas = [one.areas(model, "target") for one in summaries]
    read = {
        attack: float(np.mean([abs(found[attack].value - 0.5) for found in areas]))
        for attack in areas[-1]
        if all(attack in found for found in areas)
    }
    return max(read, key=read.__getitem__, default=None)


def _cost(summary: Summary, model: str, variant: str) -> float | None:
    cell = None if variant == TARGET else summary.get(model, variant, COST)
    return None if cell is None else cell.value


def _so_far(values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Sums up to each request; None from the first on that was not measured."""
    return tuple(accumulate(values, lambda sum_, one: None if None in (sum_, one) else sum_ + one))
