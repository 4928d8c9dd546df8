"""Snakemake job of the step `qmu.steps.signal`."""

from qmu.steps.job import execute

execute("signal", snakemake)  # noqa: F821
