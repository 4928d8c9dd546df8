"""Snakemake job of the step `qmu.steps.query`."""

from qmu.steps.job import execute

execute("query", snakemake)  # noqa: F821
