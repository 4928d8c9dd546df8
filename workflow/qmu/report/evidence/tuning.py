"""How far every method's configured settings are from its tuned best, from the table of trials."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.unlearning.tuned import Best, best


@dataclass(frozen=True)
class Tuning:
    """One method on one model: the number of ``trials`` beside the configured settings and of
    shadow ``models``, the best of them, and the settings in which it differs (name -> value)."""

    model: str
    variant: str
    trials: int
    models: int
    best: Best
    changed: Mapping[str, Any]


def index(
    tables: Iterable[Mapping[str, np.ndarray]], allowed: float, confidence: float
) -> tuple[Tuning, ...]:
    """Every method and model of tables of kind ``trials``, as found. ``allowed``: accuracy that
    the best settings may cost."""
    found = []
    for table in tables:
        keys = dict.fromkeys(zip(table["model"], table["variant"], strict=True))
        for model, variant in keys:
            own = (table["model"] == model) & (table["variant"] == variant)
            trials = len(np.unique(table["trial"][own]))
            score, drop = (
                np.asarray(table[name])[own].reshape(trials, -1)
                for name in ("score", "validation_drop")
            )
            tried = table["settings"][own].reshape(trials, -1)[:, 0]
            one = best(score, drop, allowed, confidence)
            first, chosen = (_flat(json.loads(tried[at])) for at in (0, one.trial))
            changed = {name: value for name, value in chosen.items() if value != first[name]}
            size = trials - 1, score.shape[1]
            found.append(Tuning(str(model), str(variant), *size, one, changed))
    return tuple(found)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        inner = isinstance(value, Mapping)
        found |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return found
