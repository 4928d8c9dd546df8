"""Snakemake job of the step `qmu.steps.query`."""

from qmu.steps.frame.execute import execute

execute("query", snakemake)  # noqa: F821
