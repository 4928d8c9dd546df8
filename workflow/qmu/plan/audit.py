"""Specs of the rules in ``audit.smk``."""

from __future__ import annotations

from qmu import registry
from qmu.config.experiment import Experiment
from qmu.specs.audit import Evaluation, Examine, Measure

from .common import audited, base, components, loss, model_code, modules, shown, unlearned
from .common import model as model_spec


def measure(experiment: Experiment, model: str, group: str) -> Measure:
    """The measurements of one group of variants from their outputs and scores."""
    variants = experiment.members(model, group)
    return Measure(
        **base(experiment, "audit.measure"),
        **audited(experiment, model, variants, None),
        false_records=experiment.common.risk.false_records,
    )


def examined(experiment: Experiment, model: str, group: str) -> list[str]:
    """The variants of a group that measures of quality look at: not the levels of a path, whose
    leakage, distance and accuracy `measure` has."""
    levels = experiment.levels(group)
    return [variant for variant in experiment.members(model, group) if variant not in levels]


def examine(experiment: Experiment, model: str, group: str) -> Examine:
    """The measures of unlearning quality on one group of variants."""
    measures, code = experiment.quality, modules("quality", experiment.quality.values())
    known = experiment.predictions is None
    if known:
        code += model_code(experiment, model)
    return Examine(
        **base(experiment, "audit.examine", *code),
        **audited(experiment, model, examined(experiment, model, group), None),
        quality=components(measures),
        loss=loss(experiment, model),
        indices=unlearned(experiment),
        model=model_spec(experiment, model, "fleet") if known else None,
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
    return Evaluation(
        **base(experiment, "audit.evaluation", *code),
        config=shown(experiment),
        variants=experiment.all_variants,
    )
