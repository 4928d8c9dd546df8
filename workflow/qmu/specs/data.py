"""Specs of `pool`, `request` and `samples`."""

from __future__ import annotations

from .base import Component, Spec


class Pool(Spec):
    """Which data set, how many public rows, how many principal components."""

    dataset: Component
    public: int
    components: int | None
    fit_on: str
    pool: int | None


class Request(Spec):
    """What is to be forgotten."""

    forget: Component


class Samples(Spec):
    """One seed's splits, in rows."""

    seed: int
    train: int
    test: int
    validation: int
