"""Specs of `attack_data`, `fit_attacks`, `query` and `score`."""

from __future__ import annotations

from .base import Component, ModelSpec, Spec


class AttackData(Spec):
    """The shadow models whose outputs are joined; ``loss`` is the models' training loss."""

    indices: tuple[int, ...]
    loss: str


class FitAttacks(Spec):
    """All attacks by name, on one model kind and all seeds."""

    name: str
    seeds: tuple[int, ...]
    attacks: dict[str, Component]
    loss: str


class Score(FitAttacks):
    """The same attacks on some ``variants``; ``indices``: shadow models that went through their
    method."""

    variants: tuple[str, ...]
    indices: tuple[int, ...]


class Query(Spec):
    """The attack that asks about transformed copies, and the model that answers."""

    name: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    attack: Component
    model: ModelSpec
