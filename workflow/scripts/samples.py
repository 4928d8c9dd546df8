"""Snakemake job of the step `qmu.steps.samples`."""

from qmu.steps.frame.execute import execute

execute("samples", snakemake)  # noqa: F821
