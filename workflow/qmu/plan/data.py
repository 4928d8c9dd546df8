"""Specs of the rules in ``data.smk``."""

from __future__ import annotations

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.specs.data import Pool, Request, Samples

from .common import base, component


def pool(experiment: Experiment) -> Pool:
    """Rows, roles and features."""
    entry, features = experiment.dataset, experiment.common.features
    used, altered = [registry.module("data", entry.component)], {}
    card = experiment.scenario[0].CARD
    if card.alters or card.named:
        used.append(registry.module("forget", experiment.forget.component))
        altered = {
            "forget": component(experiment.forget),
            "names": request_names(experiment),
            "train": experiment.common.samples.train,
        }
    return Pool(
        **base(experiment, "data.pool", *used),
        dataset=component(entry),
        content=experiment.data.content,
        **features.model_dump(),
        **altered,
    )


def request(experiment: Experiment) -> Request:
    """What is to be forgotten."""
    entry = experiment.forget
    code = registry.module("forget", entry.component)
    seen = experiment.scenario[0].CARD.memorised
    return Request(
        **base(experiment, "data.request", code),
        forget=component(entry),
        names=request_names(experiment),
        train=experiment.common.samples.train,
        shadows=tuple(range(experiment.common.shadows.count)) if seen else (),
    )


def memorised_by(experiment: Experiment) -> str | None:
    """The model whose shadow models say how far rows are memorised; None where nobody asks."""
    if not experiment.scenario[0].CARD.memorised:
        return None
    return experiment.forget.settings.get("model") or next(iter(experiment.models))


def request_names(experiment: Experiment) -> tuple[str | int, ...]:
    """What tells models trained without the request's rows from those without others."""
    module, config = experiment.scenario
    return module.names(config)


def samples(experiment: Experiment, seed: int) -> Samples:
    """One seed's splits."""
    counts = experiment.common.samples.model_dump()
    return Samples(**base(experiment, "data.samples"), seed=seed, **counts)
