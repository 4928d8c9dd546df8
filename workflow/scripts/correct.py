"""Snakemake job of the step `qmu.steps.correct`."""

from qmu.steps.frame.execute import execute

execute("correct", snakemake)  # noqa: F821
