"""Snakemake job of the step `qmu.steps.estimate`."""

from qmu.steps.job import execute

execute("estimate", snakemake)  # noqa: F821
