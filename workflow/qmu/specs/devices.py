"""Specs of `evaluate_on`, `evaluate_with` and `correct`."""

from __future__ import annotations

from typing import Any

from .base import ModelSpec, Spec


class EvaluateOn(Spec):
    """One variant of one model on a simulated device, all seeds."""

    name: str
    variant: str
    seeds: tuple[int, ...]
    device: str
    settings: dict[str, Any]
    model: ModelSpec


class EvaluateWith(Spec):
    """One variant of one model and seed on a PennyLane device."""

    name: str
    variant: str
    seed: int
    device: str
    settings: dict[str, Any]
    model: ModelSpec


class Correct(Spec):
    """Another device's answers, corrected, all seeds."""

    seeds: tuple[int, ...]
    model: ModelSpec
