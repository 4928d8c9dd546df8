"""Snakemake job of the step `qmu.steps.sweep`."""

from qmu.steps.frame.execute import execute

execute("sweep", snakemake)  # noqa: F821
