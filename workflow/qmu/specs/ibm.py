"""Specs of an IBM job: `prepare`, `estimate`, `submit`, `collect` and `decode`.

How long IBM is waited for stands in none of them: another patience must not make a job run again.
"""

from __future__ import annotations

from typing import Any

from .base import ModelSpec, Spec


class Sent(Spec):
    """What is sent and how: ``circuit`` and ``job`` are settings of `qmu.ibm.settings`."""

    backend: str
    circuit: dict[str, Any]
    job: dict[str, Any]


class Estimate(Sent):
    """All jobs of a device together, and what they may cost."""

    device: str
    max_total_seconds: float


class Prepare(Spec):
    """One job of one variant and seed: part ``part`` of ``parts`` of its images."""

    name: str
    seed: int
    variant: str
    part: int
    parts: int
    backend: str
    circuit: dict[str, Any]
    images: dict[str, Any]
    model: ModelSpec


class Decode(Spec):
    """From raw results to outputs, on the images that the device was asked about."""

    images: dict[str, Any]
    model: ModelSpec
