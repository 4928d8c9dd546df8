"""Snakemake job of the step `qmu.steps.score`."""

from qmu.steps.job import execute

execute("score", snakemake)  # noqa: F821
