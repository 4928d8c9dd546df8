"""Snakemake job of the step `qmu.steps.sweep`."""

from qmu.steps.job import execute

execute("sweep", snakemake)  # noqa: F821
