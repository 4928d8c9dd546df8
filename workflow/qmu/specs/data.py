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
    # a request that names or alters rows, by what it is told from others, and how many are trained
    # on
    forget: Component | None = None
    names: tuple[str | int, ...] = ()
    train: int = 0
    # of a sequence of requests: rows that they name and that chance would leave out
    reserved: tuple[int, ...] = ()


class SharedSamples(Spec):
    """The split that all seeds share where requests come one after another, in rows. ``included``
    rows are trained on; rows with the same value in the column ``group`` stay together."""

    train: int
    test: int
    validation: int
    included: tuple[int, ...]
    group: str | None


class Request(Spec):
    """What is to be forgotten, where ``train`` rows are trained on; which ``shadows`` say how far
    rows are memorised. ``names``: what tells the request from others, also where its file was
    edited."""

    forget: Component
    names: tuple[str | int, ...] = ()
    train: int
    shadows: tuple[int, ...] = ()


class Samples(Spec):
    """One seed's splits, in rows."""

    seed: int
    train: int
    test: int
    validation: int
