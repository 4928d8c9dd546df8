"""Snakemake job of the step `qmu.steps.fleet`."""

from qmu.steps.frame.execute import execute

execute("fleet", snakemake)  # noqa: F821
