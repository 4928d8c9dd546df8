"""Runs a step by its name, as a job would, with the fields of a spec that a test cares for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import fixtures
import numpy as np
from qmu.steps.frame.execute import typed
from qmu.steps.frame.job import Job
from qmu.steps.io.variant import VariantFiles
from qmu.tables import parquet

EXPERIMENT = "example"
STAMP = {"experiment": EXPERIMENT, "code_digest": "0" * 16}
# What every spec holds and no result of a test depends on.
COMMON = {"experiment": EXPERIMENT, "root_seed": 0, "code": {"tests": "0" * 16}}

# Of eight images in turn; the next seed begins one further on.
PARTS = (*("train", "test", "train", "unseen"), *("train", "validation", "train", "unseen"))


def model(**training: Any) -> dict[str, Any]:
    """A small model as a spec holds it."""
    recipe = fixtures.SMALL_TRAINING | {"batch_size": 4} | training
    return {
        "component": "basic_qnn",
        "settings": {"qubits": 4, "layers": 1, "training": recipe},
        "classes": fixtures.CLASSES,
        "device": "default.qubit",
        "precision": "double",
    }


def seed_tables(folder: Path, images: int = 40, seeds: int = 1) -> dict[str, Any]:
    """Tables ``pool`` and, of every seed, ``samples``: half of the images are training images (in
    each seed other ones), a quarter is unseen, and class 1 is to be forgotten."""
    inputs, label = fixtures.small_data(images)
    forget, ids = label == 1, np.arange(images)
    sample = {"sample_id": ids, "label": label}
    pool = sample | {"role": ["pool"] * images, "features": inputs}
    parquet.write(folder / "pool.parquet", "pool", pool, **STAMP)
    found = []
    for seed in range(seeds):
        part = [PARTS[(i + seed) % len(PARTS)] for i in ids]
        split = [f"{'forget' if f else 'retain'}_{p}" for f, p in zip(forget, part, strict=True)]
        found.append(str(folder / f"samples-{seed}.parquet"))
        parquet.write(found[-1], "samples", sample | {"split": split, "forget": forget}, **STAMP)
    return {"pool": str(folder / "pool.parquet"), "samples": found}


def variant_files(folder: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Files of the five tables of some models, by kind."""
    kinds = VariantFiles.__dataclass_fields__
    return {kind: [str(folder / f"{name}-{kind}.parquet") for name in names] for kind in kinds}


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
