"""Snakemake job of the step `qmu.steps.examine`."""

from qmu.steps.frame.execute import execute

execute("examine", snakemake)  # noqa: F821
