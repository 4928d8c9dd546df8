"""The script of every job: runs the step that the job's spec names."""

from qmu.steps.frame.execute import execute

execute(snakemake)  # noqa: F821
