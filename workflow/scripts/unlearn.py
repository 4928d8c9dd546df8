"""Snakemake job of the step `qmu.steps.unlearn`."""

from qmu.steps.job import execute

execute("unlearn", snakemake)  # noqa: F821
