"""Snakemake job of the step `qmu.steps.signal`."""

from qmu.steps.frame.execute import execute

execute("signal", snakemake)  # noqa: F821
