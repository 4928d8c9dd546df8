"""Snakemake job of the step `qmu.steps.prepare`."""

from qmu.steps.frame.execute import execute

# How long to wait is given beside the spec: another patience must not make a job run again.
device = snakemake.config["devices"][snakemake.wildcards.device]  # noqa: F821
execute("prepare", snakemake, waiting=dict(device.get("waiting") or {}))  # noqa: F821
