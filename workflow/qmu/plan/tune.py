"""Specs of the rules in ``tune.smk``."""

from __future__ import annotations

from qmu.config.experiment import Experiment
from qmu.config.tune import names
from qmu.specs.unlearn import Tune, Tuned

from .common import base
from .common import model as model_spec
from .unlearn import of_method


def tune(experiment: Experiment, model: str, variant: str) -> Tune:
    """All trials of one method on shadow models of one kind."""
    asked = experiment.tune
    return Tune(
        **of_method(experiment, "unlearn.tune", model, variant),
        indices=tuple(range(asked.models)),
        validation=experiment.common.samples.validation,
        trials=asked.trials,
        ranges=asked.ranges.get(variant, {}),
        model=model_spec(experiment, model, "fleet"),
    )


def tuned(experiment: Experiment) -> Tuned:
    """The best of all trials."""
    methods = {name: experiment.unlearning[name].component for name in names(experiment)}
    return Tuned(
        **base(experiment, "unlearn.tuned"),
        methods=methods,
        validation_drop=experiment.tune.validation_drop,
    )


def tuned_methods(experiment: Experiment) -> dict[str, list[str]]:
    """Model -> the methods that are tuned on it; none without the section."""
    if experiment.tune is None:
        return {}
    left_out = experiment.left_out
    return {m: [n for n in names(experiment) if n not in left_out[m]] for m in experiment.models}
