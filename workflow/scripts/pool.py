"""Snakemake job of the step `qmu.steps.pool`."""

from qmu.steps.frame.execute import execute

execute("pool", snakemake)  # noqa: F821
