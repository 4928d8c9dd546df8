"""Specs of the rules in ``data.smk``."""

from __future__ import annotations

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.specs.data import Pool, Request, Samples

from .common import base, component


def pool(experiment: Experiment) -> Pool:
    """Rows, roles and features."""
    entry, features = experiment.dataset, experiment.common.features
    return Pool(
        **base(experiment, "data.pool", registry.module("data", entry.component)),
        dataset=component(entry),
        content=experiment.data.content,
        **features.model_dump(),
    )


def request(experiment: Experiment) -> Request:
    """What is to be forgotten."""
    entry = experiment.forget
    code = registry.module("forget", entry.component)
    return Request(**base(experiment, "data.request", code), forget=component(entry))


def samples(experiment: Experiment, seed: int) -> Samples:
    """One seed's splits."""
    counts = experiment.common.samples.model_dump()
    return Samples(**base(experiment, "data.samples"), seed=seed, **counts)
