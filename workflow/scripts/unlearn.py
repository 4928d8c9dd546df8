"""Snakemake job of the step `qmu.steps.unlearn`."""

from qmu.steps.frame.execute import execute

execute("unlearn", snakemake)  # noqa: F821
