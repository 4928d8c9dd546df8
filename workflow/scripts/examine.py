"""Snakemake job of the step `qmu.steps.examine`."""

from qmu.steps.job import execute

execute("examine", snakemake)  # noqa: F821
