"""Snakemake job of the step `qmu.steps.decode`."""

from qmu.steps.job import execute

execute("decode", snakemake)  # noqa: F821
