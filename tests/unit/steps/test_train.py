"""The step that trains: what private training says of its certificate."""

from __future__ import annotations

import fixtures
import numpy as np
import pytest
import step_example
from qmu.models import training
from qmu.models.recipe import Training
from qmu.steps.io.variant import VariantFiles
from qmu.tables import parquet

IMAGES = 40


@pytest.fixture
def files(tmp_path):
    """Every second image is a training image, class 1 is to be forgotten."""
    inputs, label = fixtures.small_data(IMAGES)
    forget, ids = label == 1, np.arange(IMAGES)
    part = np.where(ids % 2, "test", "train")
    split = [f"{'forget' if f else 'retain'}_{p}" for f, p in zip(forget, part, strict=True)]
    sample = {"sample_id": ids, "label": label}
    tables = {
        "pool": sample | {"role": ["pool"] * IMAGES, "features": inputs},
        "samples": sample | {"split": split, "forget": forget},
    }
    for name, columns in tables.items():
        parquet.write(tmp_path / f"{name}.parquet", name, columns, **step_example.STAMP)
    return {name: str(tmp_path / f"{name}.parquet") for name in tables}


@pytest.mark.parametrize("variant", ["target", "retrain"])
@pytest.mark.parametrize("private", [None, {"clip": 1.0, "noise": 2.0, "delta": 1e-3}])
def test_the_certificate_is_told_where_there_is_one(files, tmp_path, variant, private):
    recipe = fixtures.SMALL_TRAINING | {"batch_size": 4, "private": private}
    model = {
        "component": "basic_qnn",
        "settings": {"qubits": 4, "layers": 1, "training": recipe},
        "classes": fixtures.CLASSES,
        "device": "default.qubit",
        "precision": "double",
    }
    outputs = {name: str(tmp_path / f"{name}.out") for name in VariantFiles.__dataclass_fields__}
    spec = {"name": "basic_qnn", "seed": 0, "variant": variant, "model": model}
    lines = step_example.run("train.train", files, outputs, **spec)
    told = [line for line in lines if line.startswith("private with epsilon")]
    split = parquet.read(files["samples"], "samples")["split"]
    parts = ("retain_train", "forget_train") if variant == "target" else ("retain_train",)
    members = int(np.isin(split, parts).sum())
    epsilon = training.certified_epsilon(Training(**recipe), members)
    expected = [] if private is None else [f"private with epsilon {epsilon:.3g} at delta 0.001"]
    assert told == expected
