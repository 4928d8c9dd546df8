"""Specs of the rules that train, and of the one that edits retrained models."""

from __future__ import annotations

from .base import ModelSpec, Spec


class Train(Spec):
    """One model of one seed: ``variant`` is ``target`` or ``retrain``."""

    name: str
    seed: int
    variant: str
    model: ModelSpec


class Original(Spec):
    """The target of one seed, as the audit after a request looks at it."""


class Fleet(Spec):
    """Models trained many in one program, by their indices; ``width`` share one program."""

    name: str
    width: int
    indices: tuple[int, ...]
    model: ModelSpec


class Shadows(Fleet):
    """Shadow models, each on ``members`` rows of its own. ``without`` names the random streams of
    those that are trained without the forget set; empty for those of the target."""

    members: int
    without: tuple[str | int, ...]


class Further(Fleet):
    """Further retrained models of one seed, by variant: what percentage of the forget set each was
    left with. ``role`` names their random streams."""

    seed: int
    role: str
    kept: dict[str, float]


class Innocents(Spec):
    """Each of the ``edits`` on the first ``count`` further retrained models of all ``seeds``."""

    name: str
    seeds: tuple[int, ...]
    edits: tuple[str, ...]
    count: int
    model: ModelSpec
