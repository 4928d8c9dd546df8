"""Specs of `unlearn` and `unlearn_shadows`."""

from __future__ import annotations

from .base import Component, ModelSpec, Spec


class Unlearn(Spec):
    """One method, as the variant of that name, on the targets of all ``seeds``. ``levels``: forget
    losses, in units of log C, at which the state on the way is kept too. ``reference``: retrained
    shadow models whose loss on the forget set tells the method where to stop. ``request``: what
    tells the random streams of a sequence's request from those of another; empty where there is one
    request alone."""

    name: str
    seeds: tuple[int, ...]
    variant: str
    method: Component
    levels: tuple[float, ...]
    reference: tuple[int, ...]
    request: tuple[str | int, ...] = ()
    model: ModelSpec


class UnlearnShadows(Spec):
    """The same method on shadow models; ``validation`` rows of each watch its retained classes."""

    name: str
    variant: str
    method: Component
    reference: tuple[int, ...]
    request: tuple[str | int, ...] = ()
    indices: tuple[int, ...]
    validation: int
    model: ModelSpec
