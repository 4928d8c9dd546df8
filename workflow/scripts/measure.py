"""Snakemake job of the step `qmu.steps.measure`."""

from qmu.steps.frame.execute import execute

execute("measure", snakemake)  # noqa: F821
