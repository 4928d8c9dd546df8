"""Snakemake job of the step `qmu.steps.attack_data`."""

from qmu.steps.frame.execute import execute

execute("attack_data", snakemake)  # noqa: F821
