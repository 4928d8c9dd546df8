"""Runs a step by its name, as a job would, with the fields of a spec that a test cares for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from qmu.steps.frame.execute import typed
from qmu.steps.frame.job import Job

EXPERIMENT = "example"
STAMP = {"experiment": EXPERIMENT, "code_digest": "0" * 16}
# What every spec holds and no result of a test depends on.
COMMON = {"experiment": EXPERIMENT, "root_seed": 0, "code": {"tests": "0" * 16}}


def run(step: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any], **spec: Any) -> list[str]:
    """The lines that the step reported. Of ``inputs`` it is handed those that it asks for, so that
    tests of several steps can share one folder of tables."""
    module = importlib.import_module(f"qmu.steps.{step}")
    asked = {field.name for field in fields(get_type_hints(module.run)["inputs"])}
    files = {name: file for name, file in inputs.items() if name in asked}
    lines: list[str] = []
    given = COMMON | {"step": step} | spec
    module.run(*typed(module, files, outputs, given), Job(report=lines.append))
    return lines
