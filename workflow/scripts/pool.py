"""Snakemake job of the step `qmu.steps.pool`."""

from qmu.steps.job import execute

execute("pool", snakemake)  # noqa: F821
