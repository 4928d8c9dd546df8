"""Snakemake job of the step `qmu.steps.correct`."""

from qmu.steps.job import execute

execute("correct", snakemake)  # noqa: F821
