"""Snakemake job of the step `qmu.steps.score`."""

from qmu.steps.frame.execute import execute

execute("score", snakemake)  # noqa: F821
