"""Snakemake job of the step `qmu.steps.unlearn_shadows`."""

from qmu.steps.frame.execute import execute

execute("unlearn_shadows", snakemake)  # noqa: F821
