"""What the files of ``workflow/rules`` say in few words: specs, resources, the end of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qmu import paths
from qmu.config.experiment import Experiment
from qmu.sizing import costs
from qmu.specs.base import Spec

from .files import Files

NUMBERS = ("seed", "block", "part")
Params = Callable[[Any], dict[str, Any]]


def teller(experiment: Experiment) -> Callable[[Callable[..., Spec]], Params]:
    """``told(spec)``: what a job is told, the spec that a function of `qmu.plan` makes from the
    wildcards that its arguments name, as plain builtins."""

    def told(spec: Callable[..., Spec]) -> Params:
        _, *names = inspect.signature(spec).parameters

        def params(wildcards: Any) -> dict[str, Any]:
            values = {name: wildcards[name] for name in names}
            numbers = {name: int(values[name]) for name in names if name in NUMBERS}
            return spec(experiment, **(values | numbers)).plain()

        return params

    return told


def asks(**amounts: int) -> Mapping[str, Callable[[Any, int], int]]:
    """What a job asks for (``mem_mb`` in MB, ``runtime`` in minutes), as much again on every
    further attempt. A rule's own resources replace all those of the rule that it is made from."""

    def grown(amount: int) -> Callable[[Any, int], int]:
        return lambda wildcards, attempt: amount * attempt

    return {name: grown(amount) for name, amount in amounts.items()}


def print_summary(files: Files) -> None:
    """Show the table of results, when this run made or kept one, and where the report is."""
    text, page, logs = (
        Path(files.at(path)) for path in (paths.SUMMARY_TEXT, paths.REPORT, paths.LOGS)
    )
    if text.is_file():
        print(f"\n{text.read_text(encoding='utf-8')}")
        print(costs.line(logs))
    if page.is_file():
        print(f"Report: {page.resolve()}")
