"""Specs of the rules in ``unlearn.smk``."""

from __future__ import annotations

from typing import Any

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.specs.unlearn import Unlearn, UnlearnShadows

from .common import base, component, model_code
from .common import model as model_spec
from .data import sequence_names
from .train import indices, retrained_shadows

SHADOWS = "shadows"


def unlearn(experiment: Experiment, model: str, variant: str) -> Unlearn:
    """One unlearning method on the targets of all seeds."""
    return Unlearn(
        **of_method(experiment, "unlearn.unlearn", model, variant),
        seeds=tuple(experiment.common.seeds),
        levels=levels(experiment, variant),
        model=model_spec(experiment, model, "simulation"),
    )


def unlearn_shadows(experiment: Experiment, model: str, variant: str, block: int) -> UnlearnShadows:
    """One unlearning method on a block of shadow models."""
    return UnlearnShadows(
        **of_method(experiment, "unlearn.unlearn_shadows", model, variant),
        indices=indices(experiment, variant, block),
        validation=experiment.common.samples.validation,
        model=model_spec(experiment, model, "fleet"),
    )


def levels(experiment: Experiment, variant: str) -> tuple[float, ...]:
    """Forget losses at which the method's state is audited too."""
    return experiment.common.audit.path if experiment.levels(variant) else ()


def refers(experiment: Experiment, variant: str) -> bool:
    """Whether the method stops where retrained shadow models stand."""
    return experiment.unlearning[variant].settings.get("stopping", {}).get("forget_loss") == SHADOWS


def of_method(experiment: Experiment, step: str, model: str, variant: str) -> dict[str, Any]:
    """The fields of a spec that runs one method."""
    entry = experiment.unlearning[variant]
    code = *model_code(experiment, model), registry.module("unlearning", entry.component)
    return base(experiment, step, *code) | {
        "name": model,
        "variant": variant,
        "method": component(entry),
        "request": sequence_names(experiment),
        "reference": retrained_shadows(experiment) if refers(experiment, variant) else (),
    }
