"""Snakemake job of the step `qmu.steps.join_sweep`."""

from qmu.steps.frame.execute import execute

execute("join_sweep", snakemake)  # noqa: F821
