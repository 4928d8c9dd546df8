"""Snakemake job of the step `qmu.steps.report`."""

from qmu.steps.frame.execute import execute

execute("report", snakemake)  # noqa: F821
