"""Specs of the rules in ``train.smk``."""

from __future__ import annotations

from typing import Any

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.specs.train import Ensemble, Shadows, Train

from .common import base, model_code
from .common import model as model_spec

TARGET = "target"


def train(experiment: Experiment, model: str, seed: int, variant: str) -> Train:
    """Target or retrained model."""
    return Train(
        **base(experiment, "train.train", model_code(experiment, model)),
        name=model,
        seed=seed,
        variant=variant,
        model=model_spec(experiment, model, "simulation"),
    )


def shadows(experiment: Experiment, model: str, variant: str, block: int) -> Shadows:
    """One block of shadow models, with all their members or without the forget set."""
    without = () if variant == TARGET else _request_names(experiment)
    return Shadows(
        **_fleet(experiment, "train.shadows", model),
        indices=indices(experiment, variant, block),
        members=experiment.common.samples.train,
        without=without,
    )


def ensemble(experiment: Experiment, model: str, seed: int) -> Ensemble:
    """One seed's further retrained models."""
    count = experiment.common.retrain.ensemble
    fleet = _fleet(experiment, "train.ensemble", model)
    return Ensemble(**fleet, indices=tuple(range(count)), seed=seed)


def blocks(experiment: Experiment, variant: str) -> list[int]:
    """Block numbers of the shadow models of a variant."""
    size = experiment.common.shadows.block
    return list(range(-(-_count(experiment, variant) // size)))


def indices(experiment: Experiment, variant: str, block: int) -> tuple[int, ...]:
    """The shadow models of one block."""
    size = experiment.common.shadows.block
    return tuple(range(block * size, min((block + 1) * size, _count(experiment, variant))))


def _count(experiment: Experiment, variant: str) -> int:
    shadows = experiment.common.shadows
    return shadows.count if variant == TARGET else shadows.unlearned


def _request_names(experiment: Experiment) -> tuple[str | int, ...]:
    scenario = registry.load("forget", experiment.forget.component)
    return scenario.names(scenario.Config(**experiment.forget.settings))


def _fleet(experiment: Experiment, step: str, model: str) -> dict[str, Any]:
    return base(experiment, step, model_code(experiment, model)) | {
        "name": model,
        "width": experiment.common.fleet.width,
        "model": model_spec(experiment, model, "fleet"),
    }
