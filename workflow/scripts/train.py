"""Snakemake job of the step `qmu.steps.train`."""

from qmu.steps.job import execute

execute("train", snakemake)  # noqa: F821
