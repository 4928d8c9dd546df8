"""Snakemake job of the step `qmu.steps.summary`."""

from qmu.steps.job import execute

execute("summary", snakemake)  # noqa: F821
