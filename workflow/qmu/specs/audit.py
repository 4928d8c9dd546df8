"""Specs of `measure`, `examine` and `evaluation`."""

from __future__ import annotations

from typing import Any

from .base import Component, Intervals, ModelSpec, Spec


class Audited(Spec):
    """Some variants of one model on one device, all seeds."""

    name: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    device: str
    intervals: Intervals


class Measure(Audited):
    """``false_records``: the share of false ones among the records that an attack finds."""

    false_records: float


class Examine(Audited):
    """The measures of unlearning quality by name, and what they may run or compare with. No
    ``model`` where it was made elsewhere and its answers alone are known."""

    quality: dict[str, Component]
    loss: str
    indices: tuple[int, ...]
    model: ModelSpec | None


class Evaluation(Spec):
    """The whole configuration: the manifest holds it, and the verdicts read its components.
    ``variants``: those of every model."""

    config: dict[str, Any]
    variants: dict[str, list[str]]
