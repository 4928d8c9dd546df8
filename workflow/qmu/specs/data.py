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
    # a request that alters rows, and how many are trained on
    forget: Component | None = None
    train: int = 0


class Request(Spec):
    """What is to be forgotten, where ``train`` rows are trained on; which ``shadows`` say how far
    rows are memorised."""

    forget: Component
    train: int
    shadows: tuple[int, ...] = ()


class Samples(Spec):
    """One seed's splits, in rows."""

    seed: int
    train: int
    test: int
    validation: int
