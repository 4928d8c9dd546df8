"""Specs of `unlearn`, `unlearn_shadows`, `tune` and `tuned`."""

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


class Tune(Spec):
    """So many ``trials`` of the method on the shadow models ``indices``, beside its configured
    settings; ``ranges`` replace those that the method declares. ``request`` as in `Unlearn`."""

    name: str
    variant: str
    method: Component
    reference: tuple[int, ...]
    indices: tuple[int, ...]
    validation: int
    trials: int
    ranges: dict[str, list[float]]
    model: ModelSpec
    request: tuple[str | int, ...] = ()


class Tuned(Spec):
    """The best settings of every method and model. ``methods``: variant -> method;
    ``validation_drop``: accuracy that they may cost."""

    methods: dict[str, str]
    validation_drop: float
