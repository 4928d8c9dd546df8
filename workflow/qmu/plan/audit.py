"""Specs of the rules in ``audit.smk``."""

from __future__ import annotations

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.specs.audit import Evaluation, Examine, Measure

from .common import audited, base, components, loss, model_code, modules, shown, unlearned
from .common import model as model_spec


def measure(experiment: Experiment, model: str, variant: str) -> Measure:
    """The measurements of one variant from its outputs and scores."""
    return Measure(**base(experiment, "audit.measure"), **audited(experiment, model, variant, None))


def examine(experiment: Experiment, model: str, variant: str) -> Examine:
    """The measures of unlearning quality on one variant."""
    measures = experiment.quality
    code = model_code(experiment, model), *modules("quality", measures.values())
    return Examine(
        **base(experiment, "audit.examine", *code),
        **audited(experiment, model, variant, None),
        quality=components(measures),
        loss=loss(experiment, model),
        indices=unlearned(experiment),
        model=model_spec(experiment, model, "fleet"),
    )


def needs_fleets(experiment: Experiment) -> bool:
    """Whether a measure of quality asks for shadow models of every method."""
    entries = experiment.quality.values()
    return any(registry.load("quality", entry.component).CARD.fleets for entry in entries)


def evaluation(experiment: Experiment) -> Evaluation:
    """All measurements, and the manifest with the whole configuration."""
    code = (
        *modules("unlearning", experiment.unlearning.values()),
        *modules("attacks", experiment.attacks.values()),
    )
    return Evaluation(**base(experiment, "audit.evaluation", *code), config=shown(experiment))
