"""Specs of the rules in ``train.smk``."""

from __future__ import annotations

from typing import Any

from qmu.config.experiment import Experiment
from qmu.specs.train import Further, Innocents, Original, Shadows, Train
from qmu.variants import RETRAIN, TARGET, residue
from qmu.variants import retrained as retrained_name

from .common import base, model_code
from .common import model as model_spec
from .data import request_names

# So many retrained shadow models, at the least, say where methods should stop.
REFERENCE = 4


def train(experiment: Experiment, model: str, seed: int, variant: str) -> Train:
    """Target or retrained model."""
    return Train(
        **base(experiment, "train.train", *model_code(experiment, model)),
        name=model,
        seed=seed,
        variant=variant,
        model=model_spec(experiment, model, "simulation"),
    )


def original(experiment: Experiment) -> Original:
    """The target, as the audit after a request of a sequence looks at it."""
    return Original(**base(experiment, "train.original"))


def shadows(experiment: Experiment, model: str, variant: str, block: int) -> Shadows:
    """One block of shadow models, with all their members or without the forget set."""
    without = () if variant == TARGET else request_names(experiment)
    return Shadows(
        **_fleet(experiment, "train.shadows", model),
        indices=indices(experiment, variant, block),
        members=experiment.common.samples.train,
        without=without,
    )


def retrained(experiment: Experiment, model: str, seed: int) -> Further:
    """One seed's further retrained models."""
    kept = dict.fromkeys(further(experiment), 0.0)
    return _further(experiment, model, seed, "retrain_ensemble", kept)


def ladder(experiment: Experiment, model: str, seed: int) -> Further:
    """One seed's models that a known part of the forget set was left in."""
    kept = {residue(percent): percent for percent in experiment.common.audit.ladder}
    return _further(experiment, model, seed, "residue", kept)


def innocents(experiment: Experiment, model: str) -> Innocents:
    """Edits of retrained models, of all seeds."""
    return Innocents(
        **base(experiment, "train.innocents", *model_code(experiment, model)),
        name=model,
        seeds=tuple(experiment.common.seeds),
        edits=experiment.edits(model),
        count=experiment.common.audit.innocents,
        model=model_spec(experiment, model, "fleet"),
    )


def further(experiment: Experiment) -> list[str]:
    """The further retrained models of every seed."""
    return [retrained_name(k) for k in range(1, experiment.common.retrain.ensemble + 1)]


def blocks(experiment: Experiment, variant: str) -> list[int]:
    """Block numbers of the shadow models of a variant."""
    size = experiment.common.shadows.block
    return list(range(-(-_count(experiment, variant) // size)))


def indices(experiment: Experiment, variant: str, block: int) -> tuple[int, ...]:
    """The shadow models of one block."""
    size = experiment.common.shadows.block
    return tuple(range(block * size, min((block + 1) * size, _count(experiment, variant))))


def retrained_shadows(experiment: Experiment) -> tuple[int, ...]:
    """All shadow models that are trained without the forget set."""
    return tuple(range(_count(experiment, RETRAIN)))


def _count(experiment: Experiment, variant: str) -> int:
    shadows = experiment.common.shadows
    if variant == TARGET:
        return shadows.count
    if variant == RETRAIN:
        return max(shadows.unlearned, min(REFERENCE, shadows.count))
    return shadows.unlearned


def _further(
    experiment: Experiment, model: str, seed: int, role: str, kept: dict[str, float]
) -> Further:
    fleet = _fleet(experiment, "train.further", model)
    return Further(**fleet, indices=tuple(range(len(kept))), seed=seed, role=role, kept=kept)


def _fleet(experiment: Experiment, step: str, model: str) -> dict[str, Any]:
    return base(experiment, step, *model_code(experiment, model)) | {
        "name": model,
        "width": experiment.common.fleet.width,
        "model": model_spec(experiment, model, "fleet"),
    }
