"""Specs of `sweep`, `join_sweep` and `signal`."""

from __future__ import annotations

from typing import Any

from .audit import Audited
from .base import Component, ModelSpec, Spec


class Sweep(Audited):
    """One variant against noise and shots, with the attacks that are asked image by image."""

    variant: str
    sweep: dict[str, Any]
    attacks: dict[str, Component]
    loss: str
    model: ModelSpec


class JoinSweep(Spec):
    """Nothing but whose tables they are."""


class Signal(Spec):
    """One seed's target on a fake backend, by embedding."""

    name: str
    seed: int
    signal: dict[str, Any]
    model: ModelSpec
