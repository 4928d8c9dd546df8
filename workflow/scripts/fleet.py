"""Snakemake job of the step `qmu.steps.fleet`."""

from qmu.steps.job import execute

execute("fleet", snakemake)  # noqa: F821
