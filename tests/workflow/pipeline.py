"""Runs the real Snakemake on a copy of the workflow, and reads what it says it would do.

A copy holds what a user's checkout holds; its results are its own. Plans are read from dry runs:
the messages of the planned jobs, checked against Snakemake's own table of counts.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "config.yaml", "workflow", "profiles", "experiments", "envs")
TINY = yaml.safe_load((ROOT / "experiments" / "tiny.yaml").read_text())

REQUEST = "Mark what is to be forgotten"
EVALUATE = "Put all figures together"
REPORT = "Draw the figures and write the report"
END = {EVALUATE, REPORT}


@dataclass
class Ran:
    """What one call of Snakemake left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Both streams."""
        return self.stdout + self.stderr


class Project:
    """A copy of the workflow in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=skip)
            else:
                shutil.copy2(ROOT / part, folder / part)
        self.results = folder / "results"
        self.tiny = self.results / TINY["experiment"]

    def snakemake(self, *arguments: str, config: Any = None) -> Ran:
        """`snakemake <arguments>` with ``config`` (a mapping; the committed tiny.yaml if None)."""
        file = "experiments/tiny.yaml"
        if config is not None:
            file = "edited.yaml"
            (self.folder / file).write_text(yaml.safe_dump(config, sort_keys=False))
        return self.call(f"--configfile={file}", *arguments)

    def call(self, *arguments: str) -> Ran:
        """Exactly `snakemake <arguments>`, in the project's folder."""
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=environment(),
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def plan(self, *targets: str, config: Any = None) -> set[str]:
        """Messages of the jobs that a dry run plans; the rules without a message do no work."""
        return planned(self.snakemake("-n", *targets, config=config))


def environment() -> dict[str, str]:
    """The tests' environment; scripts are run by the interpreter that is first in PATH."""
    here = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}


def counts(ran: Ran) -> Counter[str]:
    """Rule -> number of jobs, from the table of a dry run."""
    table = re.search(r"^job +count\n-[- ]+\n(.*?)^total +(\d+)$", ran.text, re.M | re.S)
    if table is None:
        assert "Nothing to be done" in ran.text, ran.text
        return Counter()
    found = Counter({(line := row.split())[0]: int(line[1]) for row in table[1].splitlines()})
    assert found.total() == int(table[2])
    return found


def planned(ran: Ran) -> set[str]:
    """The messages of a dry run's jobs."""
    assert ran.code == 0, ran.text
    messages = re.findall(r"^Job \d+: (.*)$", ran.text, re.M)
    numbers = counts(ran)
    silent = sum(numbers[rule] for rule in TARGETS)
    assert len(messages) == len(set(messages)) == numbers.total() - silent, ran.text
    return set(messages)


# Name of a target -> the rules whose jobs it needs, when nothing is there yet.
_DATA = ("pool", "request", "samples")
_TRAIN = (*_DATA, "train")
_ATTACKS = (*_TRAIN, "train_shadows", "attack_data", "fit_attacks")
# Methods without a stopping rule, and those that are audited along their path.
_UNLEARN = ("unlearn", "unlearn_along_path")
_AUDITED = ("train_retrained", "train_ladder", "edit_retrained")
_SCORES = (*_ATTACKS, *_UNLEARN, "unlearn_shadows", *_AUDITED, "query", "score")
_EVALUATION = (*_SCORES, "measure", "examine", "evaluation")
TARGETS = {
    "data": _DATA,
    "target": _TRAIN,
    "retrain": _TRAIN,
    "shadows": ("pool", "request", "train_shadows", "unlearn_shadows"),
    "attacks": _ATTACKS,
    # Retrained shadow models say where methods should stop.
    "unlearned": (*_TRAIN, "train_shadows", *_UNLEARN),
    "scores": _SCORES,
    "all": (*_EVALUATION, "report"),
}
RESULTS = {"evaluation": _EVALUATION, "report": (*_EVALUATION, "report")}
VARIANTS = ("target", "retrain", *TINY["unlearning"])
PATHS = tuple(method for method in TINY["unlearning"] if method != "logit_mask")
# What one job each audits: the group's name -> its variants.
MEMBERS = {
    "target": ["target"],
    "retrain": ["retrain", *(f"retrain@{k + 1}" for k in range(TINY["retrain"]["ensemble"]))],
    "logit_mask": ["logit_mask"],
    **{m: [m, *(f"{m}@{x:g}" for x in TINY["audit"]["path"])] for m in PATHS},
    "residue": [f"residue@{percent}" for percent in TINY["audit"]["ladder"]],
    "innocent": [f"innocent_{edit}@1" for edit in ("bias", "temperature", "head", "turn")],
}
GROUPS = tuple(MEMBERS)


def edited(changes: dict[str, Any]) -> dict[str, Any]:
    """The tiny configuration with dotted keys set."""
    config = copy.deepcopy(TINY)
    for key, value in changes.items():
        *folders, last = key.split(".")
        section = config
        for folder in folders:
            section = section.setdefault(folder, {})
        section[last] = value
    return config


def pairs() -> list[tuple[str, int]]:
    """Every (model, seed) of the tiny experiment."""
    return [(m, s) for m in TINY["models"] for s in TINY["seeds"]]


def blocks(count: int | None = None) -> range:
    """Block numbers of ``count`` shadow models, by default of all."""
    shadows = TINY["shadows"]
    return range(-(-(shadows["count"] if count is None else count) // shadows["block"]))


def each(message: str, variants: Any = GROUPS) -> set[str]:
    """A message with {m} and {v} filled in for every model and group of variants."""
    return {message.format(m=m, v=v) for m in TINY["models"] for v in variants}


def unlearning(*methods: str) -> set[str]:
    """Messages of the jobs that run these methods on the targets of all seeds."""
    return each("Unlearn with {v}: {m}", methods)


def unlearning_shadows(*methods: str) -> set[str]:
    """Messages of the jobs that run these methods on shadow models."""
    return {
        line
        for b in blocks(TINY["shadows"]["unlearned"])
        for line in each(f"Unlearn with {{v}}: shadow models of {{m}}, block {b}", methods)
    }


def retraining(seeds: Any = TINY["seeds"]) -> set[str]:
    """Messages of the jobs that train further retrained models."""
    return each("Train further retrained models of {m}, seed {v}", seeds)


def laddering(seeds: Any = TINY["seeds"]) -> set[str]:
    """Messages of the jobs that train models with a known residue."""
    return each("Train models with a known residue of {m}, seed {v}", seeds)


def editing() -> set[str]:
    """Messages of the jobs that edit retrained models."""
    return each("Edit retrained models of {m} that stay innocent", ("",))


def auditing(*groups: str) -> set[str]:
    """Messages of the jobs that attack, measure and examine these groups of variants."""
    return (
        each("Ask {m}, {v}, about transformed images", groups)
        | each("Attack {m}, {v}", groups)
        | measuring(*groups)
    )


def measuring(*groups: str) -> set[str]:
    """Messages of the jobs that make figures of these groups (of all where none is named)."""
    groups = groups or GROUPS
    return each("Measure {m}, {v}", groups) | each("Examine what {v} left in {m}", groups)


def attacking() -> set[str]:
    """Messages of the jobs that fit the attacks, and attack and measure every group."""
    return {f"Fit the attacks on {m}" for m in TINY["models"]} | {
        *each("Attack {m}, {v}"),
        *each("Measure {m}, {v}"),
    }


def redone(*methods: str) -> set[str]:
    """Everything that a change of these methods runs again, but for the end."""
    return unlearning(*methods) | unlearning_shadows(*methods) | auditing(*methods)
