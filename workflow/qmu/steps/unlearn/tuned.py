"""Step `tuned`: all trials as one table, and the best settings of every method and model.

The settings are YAML in the form of the section ``unlearning``, one for every model: what is copied
into an experiment is what was tried.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import yaml

from qmu.specs.unlearn import Tuned
from qmu.steps.frame.job import Job
from qmu.steps.io.writer import Writer
from qmu.tables import parquet
from qmu.tables.files import atomic
from qmu.unlearning.tuned import choice


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``trials`` of every method and model."""

    trials: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``trials`` of all, and the settings as YAML."""

    trials: str
    tuned: str


def run(inputs: Inputs, outputs: Outputs, spec: Tuned, job: Job) -> None:
    """Join the trials and write the best settings."""
    tables = [parquet.read(f, "trials", experiment=spec.experiment) for f in inputs.trials]
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    Writer(spec)(outputs.trials, "trials", joined)
    found: dict[str, dict[str, dict]] = {}
    for table in tables:
        shape = len(np.unique(table["trial"])), -1
        score, drop = (table[name].reshape(shape) for name in ("score", "validation_drop"))
        trial = choice(score, drop, spec.validation_drop)
        chosen = json.loads(table["settings"].reshape(shape)[trial, 0])
        model, variant = str(table["model"][0]), str(table["variant"][0])
        entry = {"method": spec.methods[variant], **chosen}
        found.setdefault(model, {"unlearning": {}})["unlearning"][variant] = entry
        job.report(f"{model}, {variant}: trial {trial}, score {score[trial].mean():.4f}")
    with atomic(outputs.tuned) as temporary:
        temporary.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
