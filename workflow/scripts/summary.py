"""Snakemake job of the step `qmu.steps.summary`."""

from qmu.steps.frame.execute import execute

execute("summary", snakemake)  # noqa: F821
