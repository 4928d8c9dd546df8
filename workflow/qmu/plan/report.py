"""Spec of the rule in ``report.smk``."""

from __future__ import annotations

from qmu.config.experiment import Experiment
from qmu.report import catalogue
from qmu.specs.report import Report

from .common import base, modules, shown


def report(experiment: Experiment) -> Report:
    """Figures and pages."""
    kinds = ("unlearning", "attacks", "models", "quality")
    code = [m for kind in kinds for m in modules(kind, getattr(experiment, kind).values())]
    code += modules("forget", experiment.asked)
    code += map(catalogue.module, catalogue.stems())
    return Report(
        **base(experiment, "report.report", *code),
        config=shown(experiment),
        variants=experiment.all_variants,
        left_out=experiment.left_out,
        text_digest=catalogue.text_digest(),
    )
