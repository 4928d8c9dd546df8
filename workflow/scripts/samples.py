"""Snakemake job of the step `qmu.steps.samples`."""

from qmu.steps.job import execute

execute("samples", snakemake)  # noqa: F821
