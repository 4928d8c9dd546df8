"""What the files of ``workflow/rules`` say in few words: specs and resources."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from qmu.config.experiment import Experiment
from qmu.specs.base import Spec

NUMBERS = ("seed", "block", "part")
Params = Callable[[Any], dict[str, Any]]


def teller(experiment: Experiment) -> Callable[[Callable[..., Spec]], Params]:
    """``told(spec)``: what a job is told, the spec that a function of `qmu.plan` makes from the
    wildcards that its arguments name, as plain builtins; of the audit that the wildcard ``request``
    names, where a sequence has several."""

    def told(spec: Callable[..., Spec]) -> Params:
        _, *names = inspect.signature(spec).parameters

        def params(wildcards: Any) -> dict[str, Any]:
            asked = experiment.audit_of(wildcards.get("request"))
            values = {name: wildcards[name] for name in names}
            numbers = {name: int(values[name]) for name in names if name in NUMBERS}
            return spec(asked, **(values | numbers)).plain()

        return params

    return told


def asks(**amounts: int) -> Mapping[str, Callable[[Any, int], int]]:
    """What a job asks for (``mem_mb`` in MB, ``runtime`` in minutes), as much again on every
    further attempt. A rule's own resources replace all those of the rule that it is made from."""

    def grown(amount: int) -> Callable[[Any, int], int]:
        return lambda wildcards, attempt: amount * attempt

    return {name: grown(amount) for name, amount in amounts.items()}
