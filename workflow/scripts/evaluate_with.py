"""Snakemake job of the step `qmu.steps.evaluate_with`."""

from qmu.steps.frame.execute import execute

execute("evaluate_with", snakemake)  # noqa: F821
