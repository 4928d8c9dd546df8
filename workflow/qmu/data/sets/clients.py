"""`clients`: five clients of a federation whose data differ, drawn here, the same for everybody.

Source: Kumar and Chongder 2026 (arXiv:2608.17069), as their text states it; their released code
differs (fixed weights, a product of two features, labels without chance). Every client has an
offset of its own, from N(0, 0.9^2) per feature; its rows are x ~ N(offset, I), and
y ~ Bernoulli(sigmoid(w.x + e)) with e ~ N(0, 0.2^2) and weights w ~ N(0, I) that all share. Which
client a row belongs to is the group column ``client``.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from qmu.data.dataset import Dataset, Description
from qmu.seeds import generator
from qmu.strict import Strict

WIDTH = 4
OFFSET, NOISE = 0.9, 0.2


class Config(Strict):
    """``clients``, ``rows`` of each, and ``draw``: another number is another federation."""

    clients: int = Field(default=5, ge=2, le=100)
    rows: int = Field(default=180, ge=10, le=10_000)
    draw: int = Field(default=0, ge=0, le=10**6)


def describe(config: Config) -> Description:
    """Two classes of four features."""
    rows = config.clients * config.rows
    return Description(2, rows, "features", (WIDTH,), groups=("client",))


def load(config: Config) -> Dataset:
    """Client after client."""
    rng = generator("clients", config.draw)
    weights = rng.normal(size=WIDTH)
    client = np.repeat(np.arange(config.clients), config.rows)
    offsets = OFFSET * rng.normal(size=(config.clients, WIDTH))
    inputs = offsets[client] + rng.normal(size=(len(client), WIDTH))
    score = inputs @ weights + NOISE * rng.normal(size=len(client))
    labels = rng.random(len(client)) < 1.0 / (1.0 + np.exp(-score))
    training = np.ones(len(client), bool)
    return Dataset(inputs, labels.astype(np.int64), training, groups={"client": client})
