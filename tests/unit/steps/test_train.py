"""The step that trains: what private training says of its certificate."""

from __future__ import annotations

import numpy as np
import pytest
import step_example
from qmu.models import training
from qmu.models.recipe import Training
from qmu.tables import parquet


@pytest.mark.parametrize("variant", ["target", "retrain"])
@pytest.mark.parametrize("private", [None, {"clip": 1.0, "noise": 2.0, "delta": 1e-3}])
def test_the_certificate_is_told_where_there_is_one(tmp_path, variant, private):
    tables = step_example.seed_tables(tmp_path)
    files = tables | {"samples": tables["samples"][0]}
    model = step_example.model(private=private)
    outputs = {
        kind: file for kind, [file] in step_example.variant_files(tmp_path, [variant]).items()
    }
    spec = {"name": "basic_qnn", "seed": 0, "variant": variant, "model": model}
    lines = step_example.run("train.train", files, outputs, **spec)
    told = [line for line in lines if line.startswith("private with epsilon")]
    split = parquet.read(files["samples"], "samples")["split"]
    parts = ("retain_train", "forget_train") if variant == "target" else ("retain_train",)
    members = int(np.isin(split, parts).sum())
    recipe = Training(**model["settings"]["training"])
    epsilon = training.certified_epsilon(recipe, members)
    expected = [] if private is None else [f"private with epsilon {epsilon:.3g} at delta 0.001"]
    assert told == expected
