"""Who trains in a federation, and how what the clients found is joined.

Source: McMahan et al. 2017, "Communication-efficient learning of deep networks from decentralized
data" (arXiv:1602.05629). `training.train` runs the rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .model import Parameters
from .recipe import Training


def clients(training: Training, pool: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The client of every row of the pool, (N,) names; None where the recipe is no federation."""
    if training.federated is None:
        return None
    return pool[f"group/{training.federated.column}"].astype(str)


def shares(
    training: Training, members: np.ndarray, clients: np.ndarray | None
) -> dict[str, np.ndarray]:
    """The members (positions in the pool) that each client trains on, by its name in sorted order;
    all under the name ``""`` without clients.

    A client with fewer rows than a batch takes them in turn until they fill one.
    """
    if clients is None:
        return {"": members}
    names = clients[members]
    own = {str(name): members[names == name] for name in np.unique(names)}
    return {
        name: np.resize(rows, max(len(rows), training.batch_size)) for name, rows in own.items()
    }


def average(models: Sequence[Parameters], weights: Sequence[int]) -> Parameters:
    """The mean of the models' parameters, weighted by the rows that each was trained on."""
    parts = np.asarray(weights) / np.sum(weights)
    return {
        name: sum(float(part) * model[name] for part, model in zip(parts, models, strict=True))
        for name in models[0]
    }
