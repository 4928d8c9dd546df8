"""Snakemake job of the step `qmu.steps.report`."""

from qmu.steps.job import execute

execute("report", snakemake)  # noqa: F821
