"""Snakemake job of the step `qmu.steps.fit_attacks`."""

from qmu.steps.frame.execute import execute

execute("fit_attacks", snakemake)  # noqa: F821
