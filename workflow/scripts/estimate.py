"""Snakemake job of the step `qmu.steps.estimate`."""

from qmu.steps.frame.execute import execute

execute("estimate", snakemake)  # noqa: F821
