"""Specs of `unlearn` and `unlearn_shadows`."""

from __future__ import annotations

from .base import Component, ModelSpec, Spec


class Unlearn(Spec):
    """One method, as the variant of that name, on the targets of all ``seeds``."""

    name: str
    seeds: tuple[int, ...]
    variant: str
    method: Component
    model: ModelSpec


class UnlearnShadows(Spec):
    """The same method on shadow models; ``validation`` rows of each watch its retained classes."""

    name: str
    variant: str
    method: Component
    indices: tuple[int, ...]
    validation: int
    model: ModelSpec
