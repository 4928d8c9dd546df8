"""Specs of the rules in ``data.smk``."""

from __future__ import annotations

import numpy as np

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.data import splits
from qmu.specs.data import Pool, Request, Samples, SharedSamples

from .common import base, component


def pool(experiment: Experiment) -> Pool:
    """Rows, roles and features."""
    entry, features = experiment.dataset, experiment.common.features
    used, altered = [registry.module("data", entry.component)], {}
    card = experiment.scenario[0].CARD
    if experiment.requests:
        altered = {"reserved": _placed(experiment)[0]}
    elif card.alters or card.named:
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
    entry, (module, config) = experiment.forget, experiment.scenario
    code = registry.module("forget", entry.component)
    seen = module.CARD.memorised
    return Request(
        **base(experiment, "data.request", code),
        forget=component(entry),
        names=module.names(config),
        train=experiment.common.samples.train,
        shadows=tuple(range(experiment.common.shadows.count)) if seen else (),
    )


def memorised_by(experiment: Experiment) -> str | None:
    """The model whose shadow models say how far rows are memorised; None where nobody asks."""
    if not experiment.scenario[0].CARD.memorised:
        return None
    return experiment.forget.settings.get("model") or next(iter(experiment.models))


def request_names(experiment: Experiment) -> tuple[str | int, ...]:
    """What tells models trained without the rows of all requests from those without others."""
    return tuple(name for module, config in experiment.scenarios for name in module.names(config))


def sequence_names(experiment: Experiment) -> tuple[str | int, ...]:
    """What tells what happens at a sequence's request from what happens at another; nothing where
    there is one request alone."""
    return (len(experiment.requests), *request_names(experiment)) if experiment.requests else ()


def shared_samples(experiment: Experiment) -> SharedSamples:
    """The split that all seeds of a sequence share."""
    column = _kept_together(experiment)
    return SharedSamples(
        **base(experiment, "data.shared_samples"),
        **experiment.common.samples.model_dump(),
        included=_placed(experiment)[1],
        group=column,
    )


def _kept_together(experiment: Experiment) -> str | None:
    """The pool's column that says whose a row is; None where none does."""
    return next((f"group/{name}" for name in experiment.data.groups), None)


def _placed(experiment: Experiment) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of the rows that a sequence's requests name: those that chance leaves out of the pool, and
    those that it does not train on. Only these have to be placed, so that a request for rows that
    are trained on changes nothing."""
    named = [(module, config) for module, config in experiment.scenarios if module.CARD.named]
    if not named:
        return (), ()
    known, common = experiment.known, experiment.common
    asked = np.any([module.rows(known, config) for module, config in named], axis=0)
    drawn = (common.root_seed, len(asked), common.features.public, common.features.pool)
    reserved = asked & (splits.roles(*drawn) != "pool")
    pool = np.flatnonzero(splits.roles(*drawn, reserved) == "pool")
    column = _kept_together(experiment)
    group = None if column is None else known[column][pool]
    counts, none = common.samples.model_dump(), np.zeros(len(pool), bool)
    parts = splits.shared_parts(common.root_seed, counts, none, group)
    included = pool[asked[pool] & (parts != "train")]
    return tuple(np.flatnonzero(reserved).tolist()), tuple(included.tolist())


def samples(experiment: Experiment, seed: int) -> Samples:
    """One seed's splits."""
    counts = experiment.common.samples.model_dump()
    return Samples(**base(experiment, "data.samples"), seed=seed, **counts)
