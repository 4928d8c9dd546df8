"""Spec of the rule in ``predictions.smk``."""

from __future__ import annotations

from qmu.config.experiment import Experiment
from qmu.data import predictions
from qmu.specs.predictions import Import

from .common import base


def import_predictions(experiment: Experiment) -> Import:
    """What models trained elsewhere say, as the tables that the audit reads."""
    config = experiment.predictions
    return Import(
        **base(experiment, "data.import_predictions"),
        settings=config.model_dump(mode="json"),
        content=predictions.read(config).content,
        variants=tuple(variants(experiment)),
        seeds=tuple(experiment.common.seeds),
        shadows=tuple(shadows(experiment)),
    )


def variants(experiment: Experiment) -> list[str]:
    """Every variant that is audited."""
    (model,) = experiment.models
    groups = experiment.groups(model)
    return [variant for group in groups for variant in experiment.members(model, group)]


def shadows(experiment: Experiment) -> list[str]:
    """The variants that there are shadow models of."""
    return list(predictions.read(experiment.predictions).shadows)
