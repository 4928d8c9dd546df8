"""Snakemake job of the step `qmu.steps.decode`."""

from qmu.steps.frame.execute import execute

execute("decode", snakemake)  # noqa: F821
