"""Snakemake job of the step `qmu.steps.evaluate_on`."""

from qmu.steps.frame.execute import execute

execute("evaluate_on", snakemake)  # noqa: F821
