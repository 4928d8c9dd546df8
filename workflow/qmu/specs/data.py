"""Specs of `pool`, `request` and `samples`."""

from __future__ import annotations

from .base import Component, Spec


class Pool(Spec):
    """Which data set, how many public rows, how many principal components, how they are scaled.
    ``content``: digest of a file that the data set reads, empty where none can change."""

    dataset: Component
    content: str = ""
    public: int
    components: int | None
    scale: str = "none"
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
