"""Snakemake job of the step `qmu.steps.train`."""

from qmu.steps.frame.execute import execute

execute("train", snakemake)  # noqa: F821
