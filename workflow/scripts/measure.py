"""Snakemake job of the step `qmu.steps.measure`."""

from qmu.steps.job import execute

execute("measure", snakemake)  # noqa: F821
